/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Machines as other programs keep them. The texts are written for this test, in the manner of
 * OSX-KVM's boot script, quickemu's configuration and the domains that are handed round. */
#include "import/image-head.h"
#include "import/shell.h"
#include "import/source.h"
#include "util/error.h"

#include <string.h>

static MvmImportSource *
read_text(const char *text)
{
    g_autoptr(GError) error = NULL;
    MvmImportSource *source = mvm_import_read(text, strlen(text), "/the dir", "t", &error);

    g_assert_no_error(error);
    return source;
}

static void
assert_refused(const char *text, size_t len)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(mvm_import_read(text, len, "/d", "t", &error));
    g_assert_error(error, MVM_ERROR, MVM_ERROR_FAILED);
}

static const char *
option(const MvmImportSource *source, MvmOption which)
{
    return source->options->value[which];
}

static bool
leaves(const MvmImportSource *source, const char *part)
{
    for (guint i = 0; i < source->left->len; i++) {
        if (strstr(source->left->pdata[i], part) != NULL)
            return true;
    }
    return false;
}

static const char boot_script[] =
    "# MEMORY=\"1\" is a comment\n"
    "OPTIONS=\"+ssse3,+avx2,+pcid,check\"\n"
    "RAM=\"8192\" # MiB\n"
    "SOCKETS=1; CORES='4'\n"
    "THREADS=\"8\"\n"
    "HERE=\".\"\n"
    "args=(\n"
    "  -enable-kvm -m \"$RAM\" -cpu Haswell-noTSX,kvm=on,vendor=GenuineIntel,\"$OPTIONS\"\n"
    "  -smp \"$THREADS\",cores=\"$CORES\",sockets=\"$SOCKETS\"\n"
    "  # -drive id=Old,if=none,file=\"$HERE/old.img\",format=qcow2\n"
    "  -device isa-applesmc,osk=\"sixty-four,,characters\"\n"
    "  -drive if=pflash,format=raw,readonly=on,file=\"$HERE/CODE.fd\"\n"
    "  -drive if=pflash,format=raw,file=\"${HERE}/VARS.fd\"\n"
    "  -drive "
    "id=OpenCoreBoot,if=none,snapshot=on,format=qcow2,file=\"$HERE/OpenCore/OpenCore.qcow2\"\n"
    "  -drive id=InstallMedia,if=none,file=\"$HERE/BaseSystem.img\",format=raw\n"
    "  -drive id=MacHDD,if=none,file=\"$HERE/my disk.img\",format=qcow2\n"
    "  -netdev user,id=net0,hostfwd=tcp::2200-:22,hostfwd=tcp::5900-:5900 \\\n"
    "  -device virtio-net-pci,netdev=net0,id=net0,mac=52:54:00:C9:18:27\n"
    "  -device vfio-pci,host=01:00.0\n"
    "  -spice port=5900\n"
    ")\n"
    "qemu-system-x86_64 \"${args[@]}\"\n";

static void
test_script(void)
{
    g_autoptr(MvmImportSource) source = read_text(boot_script);

    g_assert_cmpstr(option(source, MVM_OPTION_MEMORY), ==, "8192M");
    g_assert_cmpstr(option(source, MVM_OPTION_SOCKETS), ==, "1");
    g_assert_cmpstr(option(source, MVM_OPTION_CORES), ==, "4");
    g_assert_cmpstr(option(source, MVM_OPTION_THREADS), ==, "2");
    g_assert_cmpstr(option(source, MVM_OPTION_CPU), ==, "Haswell-noTSX");
    g_assert_cmpstr(option(source, MVM_OPTION_SSH_PORT), ==, "2200");
    g_assert_cmpstr(source->mac, ==, "52:54:00:c9:18:27");
    g_assert_cmpstr(source->nic, ==, "virtio-net-pci");
    g_assert_cmpstr(source->osk, ==, "sixty-four,characters");
    g_assert_cmpstr(source->image[MVM_IMPORT_OPENCORE], ==, "./OpenCore/OpenCore.qcow2");
    g_assert_cmpstr(source->image[MVM_IMPORT_SYSTEM], ==, "./my disk.img");
    g_assert_cmpstr(source->image[MVM_IMPORT_CODE], ==, "./CODE.fd");
    g_assert_cmpstr(source->image[MVM_IMPORT_VARS], ==, "./VARS.fd");
    g_assert_true(leaves(source, "+pcid"));
    g_assert_true(leaves(source, "BaseSystem.img"));
    g_assert_true(leaves(source, "tcp::5900-:5900"));
    g_assert_true(leaves(source, "vfio-pci,host=01:00.0"));
    g_assert_true(leaves(source, "-spice port=5900"));
    g_assert_cmpuint(source->left->len, ==, 5);
}

/* A command over several lines, as macOS-Simple-KVM has it; two disks. */
static void
test_command(void)
{
    g_autoptr(MvmImportSource) source =
        read_text("VMDIR=$PWD\nKEY=\"abc\"\n[[ -z \"$MEM\" ]] && {\n MEM=\"1G\"\n}\n"
                  "qemu-system-x86_64 \\\n -m 2G \\\n -smp 4,cores=2 \\\n"
                  " -cpu Penryn,+invtsc,-x2apic \\\n -device isa-applesmc,osk=\"$KEY\" \\\n"
                  " -drive id=ESP,if=none,format=qcow2,file=ESP.qcow2 \\\n"
                  " -drive id=SystemDisk,if=none,file=\"$VMDIR/a.qcow2\" \\\n"
                  " -drive id=Data,if=none,file=$(find_disk)/b.qcow2 \\\n"
                  " -drive id=More,if=none,file=c.qcow2 \\\n"
                  " -netdev user,id=net0 -device e1000-82545em,netdev=net0\n"
                  "echo -drive file=never.img\n");

    g_assert_cmpstr(option(source, MVM_OPTION_MEMORY), ==, "2048M");
    g_assert_cmpstr(option(source, MVM_OPTION_CORES), ==, "2");
    g_assert_cmpstr(option(source, MVM_OPTION_THREADS), ==, "2");
    g_assert_cmpstr(source->osk, ==, "abc");
    g_assert_cmpstr(source->mac, ==, "52:54:00:12:34:56");
    g_assert_cmpstr(source->image[MVM_IMPORT_OPENCORE], ==, "ESP.qcow2");
    g_assert_cmpstr(source->image[MVM_IMPORT_SYSTEM], ==, "/the dir/a.qcow2");
    g_assert_true(leaves(source, "-x2apic"));
    g_assert_true(leaves(source, "only a shell could tell"));
    g_assert_true(leaves(source, "c.qcow2"));
    g_assert_false(leaves(source, "never.img"));
}

static void
test_shell_words(void)
{
    static const char text[] =
        "A=plain B='sin$gle' C=\"dou\\\"ble $A\" D=a\\ b E=${A}x F=$(rm -rf /)\n"
        "G=`id` H=${A:-z} I=$1 J=a$ K='open\n";
    g_autoptr(GError) error = NULL;
    g_autoptr(MvmShell) shell = mvm_shell_read(text, strlen(text), "/d", "t", &error);

    g_assert_no_error(error);
    g_assert_cmpstr(mvm_shell_get(shell, "A"), ==, "plain");
    g_assert_cmpstr(mvm_shell_get(shell, "B"), ==, "sin$gle");
    g_assert_cmpstr(mvm_shell_get(shell, "C"), ==, "dou\"ble plain");
    g_assert_cmpstr(mvm_shell_get(shell, "D"), ==, "a b");
    g_assert_cmpstr(mvm_shell_get(shell, "E"), ==, "plainx");
    g_assert_null(mvm_shell_get(shell, "F"));
    g_assert_null(mvm_shell_get(shell, "G"));
    g_assert_null(mvm_shell_get(shell, "H"));
    g_assert_null(mvm_shell_get(shell, "I"));
    g_assert_null(mvm_shell_get(shell, "J"));
    g_assert_cmpstr(mvm_shell_get(shell, "K"), ==, "open\n");
}

#define SCRIPT_DIR_IDIOM "$( cd -- \"$( dirname -- \"${BASH_SOURCE[0]}\" )\" &> /dev/null && pwd )"

/* Where a script is, it asks in many ways; what else it asks only a shell could tell. */
static void
test_shell_dir(void)
{
    static const char *const same[] = {"$(pwd)",
                                       "`pwd`",
                                       "\"$(pwd -P)\"",
                                       "$(dirname $0)",
                                       "\"$(dirname \"$0\")\"",
                                       "`dirname \"$0\"`",
                                       "\"$(dirname -- \"${BASH_SOURCE[0]}\")\"",
                                       "$(dirname \"$(readlink -f \"$0\")\")",
                                       "$(dirname \"$(realpath \"${BASH_SOURCE}\")\")",
                                       "\"$(cd \"$(dirname \"$0\")\" && pwd)\"",
                                       SCRIPT_DIR_IDIOM,
                                       "$(cd \"$(dirname \"$0\")\" >/dev/null 2>&1; pwd -P)",
                                       "${0%/*}",
                                       "\"${BASH_SOURCE[0]%/*}\"",
                                       "$PWD",
                                       "${PWD}"};
    static const char *const opaque[] = {"$(pwd; id)", "$(dirname $1)", "$(cat $0)",
                                         "${0##*/}",   "$(cd /; pwd)",  "$()",
                                         "${}",        "$(pwd",         "${0%/*"};
    g_autofree char *home = g_strconcat(g_get_home_dir(), "/x", NULL);
    static const char text[] = "A=~/x B=\"$HOME/x\" C=~ D='~/x' E=a~/x F=~other/x G=/home/$USER\n";
    g_autofree char *user = g_strconcat("/home/", g_get_user_name(), NULL);
    g_autoptr(MvmShell) shell = mvm_shell_read(text, strlen(text), "/d", "t", NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(same) + G_N_ELEMENTS(opaque); i++) {
        bool is_dir = i < G_N_ELEMENTS(same);
        g_autofree char *line =
            g_strconcat("X=", is_dir ? same[i] : opaque[i - G_N_ELEMENTS(same)], "/a\n", NULL);
        g_autoptr(MvmShell) one = mvm_shell_read(line, strlen(line), "/the dir", "t", NULL);

        g_test_message("%s", line);
        g_assert_cmpstr(mvm_shell_get(one, "X"), ==, is_dir ? "/the dir/a" : NULL);
    }
    g_assert_cmpstr(mvm_shell_get(shell, "A"), ==, home);
    g_assert_cmpstr(mvm_shell_get(shell, "B"), ==, home);
    g_assert_cmpstr(mvm_shell_get(shell, "C"), ==, g_get_home_dir());
    g_assert_cmpstr(mvm_shell_get(shell, "D"), ==, "~/x");
    g_assert_cmpstr(mvm_shell_get(shell, "E"), ==, "a~/x");
    g_assert_cmpstr(mvm_shell_get(shell, "F"), ==, "~other/x");
    g_assert_cmpstr(mvm_shell_get(shell, "G"), ==, user);
}

static void
test_quickemu(void)
{
    g_autoptr(MvmImportSource) source =
        read_text("#!/usr/bin/quickemu --vm\nguest_os=\"macos\"\nimg=\"m/RecoveryImage.img\"\n"
                  "disk_img=\"m/disk.qcow2\"\nmacos_release=\"ventura\"\nram=\"8G\"\ncpu_cores=4\n"
                  "port_forwards=(\"8123:8123\")\nextra_args=\"-vnc :1\"\n");

    g_assert_cmpstr(option(source, MVM_OPTION_OS), ==, "13");
    g_assert_cmpstr(option(source, MVM_OPTION_MEMORY), ==, "8192M");
    g_assert_cmpstr(option(source, MVM_OPTION_CORES), ==, "4");
    g_assert_cmpstr(option(source, MVM_OPTION_THREADS), ==, "1");
    g_assert_cmpstr(option(source, MVM_OPTION_SSH_PORT), ==, "22220");
    g_assert_cmpstr(source->image[MVM_IMPORT_SYSTEM], ==, "m/disk.qcow2");
    g_assert_cmpstr(source->image[MVM_IMPORT_OPENCORE], ==, "m/OpenCore.qcow2");
    g_assert_cmpstr(source->fallback[MVM_IMPORT_OPENCORE], ==, "m/ESP.qcow2");
    g_assert_true(leaves(source, "extra_args=-vnc :1"));
    g_assert_true(leaves(source, "8123:8123"));
    assert_refused("guest_os=linux\ndisk_img=a\n", strlen("guest_os=linux\ndisk_img=a\n"));
    assert_refused("guest_os=macos\n", strlen("guest_os=macos\n"));
}

static const char domain[] =
    "<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>"
    "<name>Old Mac</name><uuid>2ACA0DD6-cec9-4717-9ab2-0b7b13d111c3</uuid>"
    "<memory unit='KiB'>4194304</memory><vcpu>4</vcpu>"
    "<os><loader>/m/CODE.fd</loader><nvram>/m/VARS.fd</nvram></os><devices>"
    "<disk type='file' device='disk'><source file='/m/OpenCore.qcow2'/><target dev='sda'/></disk>"
    "<disk type='file' device='disk'><source file='/m/mac.img'/><target dev='sdb'/></disk>"
    "<disk type='file' device='disk'><source file='/m/BaseSystem.img'/></disk>"
    "<disk type='file' device='cdrom'><target dev='sdd'/></disk>"
    "<interface type='bridge'><mac address='52:54:00:e6:85:40'/><source "
    "bridge='virbr7'/></interface>"
    "<hostdev/></devices><qemu:commandline><qemu:arg value='-device'/>"
    "<qemu:arg value='isa-applesmc,osk=words'/><qemu:arg value='-smbios'/><qemu:arg "
    "value='type=2'/>"
    "<qemu:arg value='-usb'/><qemu:arg value='-cpu'/><qemu:arg value='Penryn,+invtsc,check'/>"
    "</qemu:commandline></domain>";

static void
test_domain(void)
{
    g_autoptr(MvmImportSource) source = read_text(domain);

    g_assert_cmpstr(source->name, ==, "Old Mac");
    g_assert_cmpstr(source->uuid, ==, "2aca0dd6-cec9-4717-9ab2-0b7b13d111c3");
    g_assert_cmpstr(option(source, MVM_OPTION_MEMORY), ==, "4096M");
    g_assert_cmpstr(option(source, MVM_OPTION_CORES), ==, "4");
    g_assert_cmpstr(option(source, MVM_OPTION_CPU), ==, "Penryn");
    g_assert_cmpstr(option(source, MVM_OPTION_NETWORK), ==, "bridge=virbr7");
    g_assert_cmpstr(source->mac, ==, "52:54:00:e6:85:40");
    g_assert_cmpstr(source->osk, ==, "words");
    g_assert_cmpstr(source->image[MVM_IMPORT_SYSTEM], ==, "/m/mac.img");
    g_assert_cmpstr(source->image[MVM_IMPORT_VARS], ==, "/m/VARS.fd");
    g_assert_true(leaves(source, "cdrom 'sdd'"));
    g_assert_true(leaves(source, "<hostdev>"));
    g_assert_true(leaves(source, "BaseSystem.img"));
    g_assert_cmpuint(source->left->len, ==, 3);
}

/* What makes another machine of it, or none, is told. */
static void
test_domain_rest(void)
{
    g_autoptr(MvmImportSource) source = read_text(
        "<domain><name>m</name><uuid>2ACA0DD6cec947179ab20b7b13d111c3</uuid>"
        "<cputune><vcpupin vcpu='0' cpuset='2'/><vcpupin vcpu='1' cpuset='3'/></cputune>"
        "<memoryBacking><hugepages/></memoryBacking><iothreads>2</iothreads>"
        "<cpu><model>Penryn</model><feature name='pcid'/></cpu><devices>"
        "<disk type='file'><source file='a'/></disk><disk type='block'><source dev='/dev/x'/>"
        "<target dev='sdb'/></disk><interface type='user'><mac address='53:54:00:e6:85:40'/>"
        "</interface></devices></domain>");
    g_autoptr(MvmImportSource) other =
        read_text("<domain><uuid>2aca0dd6</uuid><devices><disk type='file'><source file='a'/>"
                  "</disk></devices></domain>");

    g_assert_cmpstr(source->uuid, ==, "2aca0dd6-cec9-4717-9ab2-0b7b13d111c3");
    g_assert_null(source->mac);
    g_assert_true(leaves(source, "53:54:00:e6:85:40"));
    g_assert_true(leaves(source, "<cputune>, more than one"));
    g_assert_true(leaves(source, "<memoryBacking>"));
    g_assert_true(leaves(source, "<iothreads>"));
    g_assert_true(leaves(source, "CPU feature"));
    g_assert_true(leaves(source, "disk 'sdb'"));
    g_assert_null(other->uuid);
    g_assert_true(leaves(other, "2aca0dd6"));
}

static void
test_hostile(void)
{
    g_autoptr(GString) bomb = g_string_new("A=xxxxxxxxxxxxxxxx\n");
    g_autoptr(GString) words = g_string_new("a=(");
    g_autofree char *large = g_strnfill(MVM_IMPORT_MAX_TEXT + 1, 'a');
    g_autofree char *open = g_strnfill(100000, '(');
    g_autofree char *nested = g_strconcat("A=$", open, NULL);

    for (int i = 0; i < 64; i++)
        g_string_append(bomb, "A=$A$A$A$A\n");
    for (int i = 0; i < MVM_SHELL_MAX_WORDS + 1; i++)
        g_string_append(words, "x ");
    assert_refused(bomb->str, bomb->len);
    assert_refused(words->str, words->len);
    assert_refused(large, MVM_IMPORT_MAX_TEXT + 1);
    assert_refused(nested, strlen(nested));
    assert_refused("a\0b", 3);
    assert_refused("", 0);
    assert_refused("echo nothing\n", strlen("echo nothing\n"));
    assert_refused("<domain/>", strlen("<domain/>"));
    assert_refused("<!DOCTYPE d [<!ENTITY a SYSTEM '/etc/passwd'>]><domain>&a;</domain>",
                   strlen("<!DOCTYPE d [<!ENTITY a SYSTEM '/etc/passwd'>]><domain>&a;</domain>"));
    assert_refused("args=(-drive", strlen("args=(-drive"));
}

/* A qcow2 header of version with one 64-bit field set, big-endian. */
static void
assert_qcow2(uint8_t version, size_t at, uint64_t value, bool good)
{
    uint8_t head[MVM_IMAGE_HEAD] = {'Q', 'F', 'I', 0xfb, 0, 0, 0, version};
    MvmImageFormat format = MVM_IMAGE_RAW;
    g_autoptr(GError) error = NULL;

    value = GUINT64_TO_BE(value);
    memcpy(head + at, &value, sizeof value);
    g_assert_cmpint(mvm_image_head_check(head, sizeof head, "x", &format, &error), ==, good);
    if (good)
        g_assert_cmpint(format, ==, MVM_IMAGE_QCOW2);
    else
        g_assert_error(error, MVM_ERROR, MVM_ERROR_USAGE);
}

static void
test_image_head(void)
{
    static const char *const others[] = {"KDMV", "conectix", "vhdxfile", "LUKS\xba\xbe",
                                         "# Disk DescriptorFile"};
    uint8_t disk[MVM_IMAGE_HEAD] = {0};
    MvmImageFormat format = MVM_IMAGE_QCOW2;

    assert_qcow2(2, 24, 1 << 30, true);
    assert_qcow2(3, 24, 1 << 30, true);
    assert_qcow2(1, 24, 1 << 30, false);
    assert_qcow2(4, 24, 1 << 30, false);
    assert_qcow2(3, 8, 512, false);                /* a backing file */
    assert_qcow2(2, 8, UINT64_C(1) << 63, false);  /* the same, far away */
    assert_qcow2(3, 72, 4, false);                 /* an external data file */
    assert_qcow2(2, 72, 4, true);                  /* version 2 has no such field */
    assert_qcow2(3, 32, UINT64_C(2) << 32, false); /* encrypted */
    g_assert_false(mvm_image_head_check((const uint8_t *)"QFI\xfb\0\0\0\3", 8, "x", &format, NULL));
    g_assert_false(mvm_image_head_check(disk, sizeof disk, "x", &format, NULL));
    g_assert_false(mvm_image_head_check(disk, 0, "x", &format, NULL));
    memcpy(disk + 510, "\x55\xaa", 2);
    g_assert_true(mvm_image_head_check(disk, 512, "x", &format, NULL));
    g_assert_cmpint(format, ==, MVM_IMAGE_RAW);
    g_assert_false(mvm_image_head_check(disk, 511, "x", &format, NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
        memset(disk, 0, 64);
        memcpy(disk, others[i], strlen(others[i]));
        g_assert_false(mvm_image_head_check(disk, sizeof disk, "x", &format, NULL));
    }
}

int
main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/script", test_script);
    g_test_add_func("/command", test_command);
    g_test_add_func("/shell-words", test_shell_words);
    g_test_add_func("/shell-dir", test_shell_dir);
    g_test_add_func("/quickemu", test_quickemu);
    g_test_add_func("/domain", test_domain);
    g_test_add_func("/domain-rest", test_domain_rest);
    g_test_add_func("/hostile", test_hostile);
    g_test_add_func("/image-head", test_image_head);
    return g_test_run();
}
