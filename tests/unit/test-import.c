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
    g_assert_cmpstr(option(source, MVM_OPTION_GRAPHICS), ==, "spice");
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
    g_assert_true(leaves(source, "snapshot=on"));
    g_assert_cmpuint(source->left->len, ==, 6);
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
    g_assert_cmpstr(option(source, MVM_OPTION_SOCKETS), ==, "2");
    g_assert_cmpstr(option(source, MVM_OPTION_CORES), ==, "2");
    g_assert_cmpstr(option(source, MVM_OPTION_THREADS), ==, "1");
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
        "G=`id` H=${A##z} I=$1 J=a$ K='open\n";
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
    g_assert_true(leaves(source, "<hostdev/>"));
    g_assert_true(leaves(source, "BaseSystem.img"));
    g_assert_true(leaves(source, "device=\"cdrom\""));
    g_assert_cmpuint(source->left->len, ==, 4);
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
    g_assert_true(leaves(source, "vcpu=\"1\" cpuset=\"3\""));
    g_assert_true(leaves(source, "<memoryBacking>"));
    g_assert_true(leaves(source, "<iothreads>2<"));
    g_assert_true(leaves(source, "pcid"));
    g_assert_true(leaves(source, "'/dev/x': physical disks are not taken"));
    g_assert_null(other->uuid);
    g_assert_true(leaves(other, "2aca0dd6"));
}

/* --- nothing is dropped silently -------------------------------------------------------------- */

/* A random thing that nobody knows: every part of it has to be in the list. */
typedef struct {
    char *name, *value;
} Stray;

static Stray
stray_new(void)
{
    return (Stray){.name = g_strdup_printf("n%08x", g_test_rand_int()),
                   .value = g_strdup_printf("v%08x", g_test_rand_int())};
}

static void
stray_clear(Stray *stray)
{
    g_free(stray->name);
    g_free(stray->value);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Stray, stray_clear)

static void
assert_listed(const MvmImportSource *source, const Stray *stray, const char *what)
{
    g_test_message("%s: %s %s", what, stray->name, stray->value);
    g_assert_true(leaves(source, stray->name));
    g_assert_true(leaves(source, stray->value));
}

/* Every element of a domain, with an attribute, with an element below and with a text more. */
static void
test_no_leaf_is_dropped(void)
{
    static const char full[] =
        "<domain type='kvm'><name>m</name><uuid>2aca0dd6-cec9-4717-9ab2-0b7b13d111c3</uuid>"
        "<title>T</title><description>D</description><memory unit='MiB'>4096</memory>"
        "<currentMemory unit='MiB'>4096</currentMemory><vcpu placement='static'>4</vcpu>"
        "<os><type arch='x86_64' machine='q35'>hvm</type><loader>/c</loader><nvram>/v</nvram>"
        "<smbios mode='sysinfo'/></os><sysinfo type='smbios'><system><entry name='serial'>S</entry>"
        "</system></sysinfo><features><acpi/></features><cpu mode='custom'><model>Penryn</model>"
        "<topology sockets='1' cores='4' threads='1'/><feature policy='require' name='avx2'/></cpu>"
        "<clock offset='utc'><timer name='hpet' present='no'/></clock><on_crash>destroy</on_crash>"
        "<devices><emulator>/usr/bin/qemu-system-x86_64</emulator><disk type='file' device='disk'>"
        "<driver name='qemu' type='qcow2'/><source file='/d'/><target dev='sda' bus='sata'/></disk>"
        "<disk type='volume'><source pool='p' volume='OpenCore.img'/></disk>"
        "<controller type='usb' index='0' model='qemu-xhci'/><interface type='user'>"
        "<backend type='passt'/><mac address='52:54:00:e6:85:40'/><model type='virtio'/>"
        "<portForward proto='tcp'><range start='2200' to='22'/></portForward></interface>"
        "<serial type='pty'/><console type='pty'/><input type='tablet' bus='usb'/>"
        "<graphics type='vnc' port='-1'/><sound model='ich9'/><video><model type='vga'/></video>"
        "<memballoon model='none'/></devices></domain>";
    g_autoptr(MvmImportSource) clean = read_text(full);
    guint tries = 0;

    g_assert_cmpuint(clean->left->len, ==, 0);
    for (const char *at = strchr(full, '<'); at != NULL; at = strchr(at + 1, '<')) {
        const char *end = strpbrk(at, " />");

        for (int kind = 0; at[1] != '/' && kind < 3; kind++) {
            g_auto(Stray) stray = stray_new();
            g_autoptr(GString) text = g_string_new(full);
            const char *close = strchr(at, '>');
            gssize begin = kind == 0 ? end - full : close - full + 1;
            g_autofree char *more =
                kind == 0   ? g_strdup_printf(" %s='%s'", stray.name, stray.value)
                : kind == 1 ? g_strdup_printf("<%s>%s</%s>", stray.name, stray.value, stray.name)
                            : g_strdup_printf("<%s a='%s'/>", stray.name, stray.value);
            g_autoptr(MvmImportSource) source = NULL;

            if (kind > 0 && close[-1] == '/') {
                g_autofree char *tag = g_strndup(at + 1, (gsize)(end - at - 1));
                g_autofree char *whole = g_strdup_printf(">%s</%s>", more, tag);

                g_string_erase(text, close - full - 1, 2);
                g_string_insert(text, close - full - 1, whole);
            } else {
                g_string_insert(text, begin, more);
            }
            source = read_text(text->str);
            assert_listed(source, &stray, text->str);
            tries++;
        }
    }
    g_assert_cmpuint(tries, >, 100);
}

/* Every value of a domain, replaced by another: it is the machine's then, or in the list. */
static void
test_no_value_is_dropped(void)
{
    static const char *const values[][2] = {
        {"type='kvm'", "type='xen'"},
        {"machine='q35'", "machine='pc-i440fx-9.2'"},
        {"arch='x86_64'", "arch='i686'"},
        {"hvm", "linux"},
        {"offset='utc'", "offset='localtime'"},
        {"<on_crash>destroy", "<on_crash>preserve"},
        {"mode='host-passthrough'", "mode='host-model'"},
        {"<video><model type='vga'", "<video><model type='none'"},
        {"port='-1'", "port='5999'"},
        {"bus='sata'", "bus='virtio'"},
        {"model='ich9'", "model='ac97'"},
        {"type='tablet'", "type='evdev'"},
        {"model='none'", "model='virtio'"}};
    static const char text[] =
        "<domain type='kvm'><os><type arch='x86_64' machine='q35'>hvm</type></os>"
        "<cpu mode='host-passthrough'/><clock offset='utc'/><on_crash>destroy</on_crash><devices>"
        "<disk type='file'><source file='/d'/><target bus='sata'/></disk>"
        "<graphics type='spice' port='-1'/><video><model type='vga'/></video>"
        "<input type='tablet' bus='usb'/><sound model='ich9'/><memballoon model='none'/></devices>"
        "</domain>";
    g_autoptr(MvmImportSource) same = read_text(text);

    g_assert_cmpuint(same->left->len, ==, 0);
    g_assert_cmpstr(option(same, MVM_OPTION_CPU), ==, "host");
    g_assert_cmpstr(option(same, MVM_OPTION_VIDEO), ==, "vga");
    g_assert_cmpstr(option(same, MVM_OPTION_GRAPHICS), ==, "spice");
    for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
        g_autoptr(GString) other = g_string_new(text);
        g_autofree char *value = g_strdup(
            strpbrk(values[i][1], "'>") != NULL ? strpbrk(values[i][1], "'>") + 1 : values[i][1]);
        g_autoptr(MvmImportSource) source = NULL;

        g_assert_cmpuint(g_string_replace(other, values[i][0], values[i][1], 0), ==, 1);
        if (strrchr(value, '=') != NULL)
            memmove(value, strrchr(value, '=') + 2, strlen(strrchr(value, '=') + 2) + 1);
        if (strchr(value, '\'') != NULL)
            *strchr(value, '\'') = '\0';
        source = read_text(other->str);
        g_test_message("%s", value);
        g_assert_true(leaves(source, value));
    }
}

#define BASE "qemu-system-x86_64 -drive id=d,file=d.img"

/* Unknown options, unknown keys of known ones, and words that only a shell could tell. */
static void
test_no_argument_is_dropped(void)
{
    static const char *const forms[] = {"-%s %s",
                                        "--%s %s",
                                        "-device %s,x=%s",
                                        "-device ide-hd,bus=sata.1,drive=d,%s=%s",
                                        "-device virtio-net-pci,netdev=n,%s=%s -netdev user,id=n",
                                        "-device isa-applesmc,osk=k,%s=%s",
                                        "-device VGA,%s=%s",
                                        "-netdev user,id=n,%s=%s",
                                        "-netdev %s,ifname=%s",
                                        "-nic user,model=virtio,%s=%s",
                                        "-net nic,model=virtio,%s=%s",
                                        "-drive file=d.img,%s=%s",
                                        "-drive if=pflash,readonly=on,file=c.fd,%s=%s",
                                        "-machine q35,%s=%s",
                                        "-accel kvm,%s=%s",
                                        "-m 4G,%s=%s",
                                        "-smp 4,%s=%s",
                                        "-cpu Penryn,%s=%s",
                                        "-smbios type=2,%s=%s",
                                        "-smbios type=1,%s=%s",
                                        "-rtc %s=%s",
                                        "-boot %s=%s",
                                        "-global %s=%s",
                                        "-vga %s -%s",
                                        "-display %s -%s",
                                        "-spice %s=%s",
                                        "-vnc %s,%s",
                                        "-cdrom %s/%s",
                                        "-m $(%s) -smp $%s",
                                        "$%s \"${%s}\"",
                                        "-enable-kvm %s/%s",
                                        "-chardev %s=%s 2>&1 >/dev/null"};

    for (size_t i = 0; i < G_N_ELEMENTS(forms); i++) {
        g_auto(Stray) stray = stray_new();
        g_autoptr(GString) text = g_string_new(BASE " ");
        g_autoptr(MvmImportSource) source = NULL;

        g_string_append(text, forms[i]);
        g_string_replace(text, "%s", stray.name, 1);
        g_string_replace(text, "%s", stray.value, 1);
        g_string_append_c(text, '\n');
        source = read_text(text->str);
        assert_listed(source, &stray, text->str);
        g_assert_cmpstr(source->image[MVM_IMPORT_SYSTEM], ==, "d.img");
    }
}

/* What is taken: C5's kinds of a script. */
static void
test_taken(void)
{
    g_autoptr(MvmImportSource) source = read_text(
        BASE " -vga qxl -smbios type=1,serial=C02X,uuid=2ACA0DD6-cec9-4717-9ab2-0b7b13d111c3"
             " -smbios type=2,serial=B0ARD -k de -rtc base=localtime -machine pc -display none"
             " -vnc :7 -netdev bridge,id=n,br=br7 -device e1000,netdev=n,mac=52:54:00:00:00:07"
             " -netdev user,id=other -accel tcg -m 2G -m 3G -nodefaults -usb -enable-kvm\n");
    const MvmImportSmbios *system = source->smbios->pdata[0], *board = source->smbios->pdata[1];

    g_assert_cmpstr(option(source, MVM_OPTION_VIDEO), ==, "qxl");
    g_assert_cmpstr(option(source, MVM_OPTION_GRAPHICS), ==, "vnc");
    g_assert_cmpstr(option(source, MVM_OPTION_NETWORK), ==, "bridge=br7");
    g_assert_cmpstr(option(source, MVM_OPTION_ACCEL), ==, "tcg");
    g_assert_cmpstr(option(source, MVM_OPTION_MEMORY), ==, "3072M");
    g_assert_cmpstr(source->mac, ==, "52:54:00:00:00:07");
    g_assert_cmpstr(source->uuid, ==, "2aca0dd6-cec9-4717-9ab2-0b7b13d111c3");
    g_assert_cmpstr(system->block, ==, "system");
    g_assert_cmpstr(system->value, ==, "C02X");
    g_assert_cmpstr(board->block, ==, "baseBoard");
    g_assert_cmpstr(board->value, ==, "B0ARD");
    g_assert_true(leaves(source, "-k de"));
    g_assert_true(leaves(source, "base=localtime"));
    g_assert_true(leaves(source, "-machine pc"));
    g_assert_true(leaves(source, "-vnc :7"));
    g_assert_true(leaves(source, "id=other"));
    g_assert_true(leaves(source, "-m 2G"));
    g_assert_cmpuint(source->left->len, ==, 6);
}

/* As QEMU's machine_parse_smp_config() has it, before 6.2 and since. */
static void
test_smp(void)
{
    static const struct {
        const char *smp;
        const char *sockets, *cores, *threads; /* NULL: refused */
        bool old;
    } cases[] = {{"8,cores=2", "4", "2", "1", false},
                 {"8", "1", "8", "1", false},
                 {"8", "8", "1", "1", true},
                 {"8,cores=4,threads=2", "1", "4", "2", false},
                 {"8,sockets=1,cores=4", "1", "4", "2", false},
                 {"8,sockets=2", "2", "4", "1", false},
                 {"8,sockets=2", "2", "4", "1", true},
                 {"8,threads=2", "1", "4", "2", false},
                 {"8,threads=2", "4", "1", "2", true},
                 {"cpus=4,maxcpus=8,cores=4", "2", "4", "1", false},
                 {"cpus=4,maxcpus=8", "1", "8", "1", false},
                 {"cores=4,threads=2", "1", "4", "2", false},
                 {"maxcpus=6", "1", "6", "1", false},
                 {"16,dies=2,cores=2,threads=2", "2", "4", "2", false},
                 {"16,clusters=2,modules=2,cores=2", "2", "8", "1", false},
                 {"16,cores=4,threads=4", "1", "16", "1", false},
                 {"32", "1", "32", "1", true},
                 {"6,cores=4", NULL, NULL, NULL, false},
                 {"8,maxcpus=4", NULL, NULL, NULL, false},
                 {"0", NULL, NULL, NULL, false},
                 {"8,cores=0", NULL, NULL, NULL, false},
                 {"128", NULL, NULL, NULL, false},
                 {"4096,dies=4096,cores=4096,threads=4096", NULL, NULL, NULL, false}};

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text =
            g_strdup_printf(BASE " -smp %s%s\n", cases[i].smp,
                            cases[i].old ? " -machine pc-q35-4.2,accel=kvm" : "");
        g_autoptr(MvmImportSource) source = read_text(text);

        g_test_message("%s", text);
        g_assert_cmpstr(option(source, MVM_OPTION_SOCKETS), ==, cases[i].sockets);
        g_assert_cmpstr(option(source, MVM_OPTION_CORES), ==, cases[i].cores);
        g_assert_cmpstr(option(source, MVM_OPTION_THREADS), ==, cases[i].threads);
        g_assert_true(cases[i].sockets != NULL || source->left->len == 1);
    }
}

static void
test_branches(void)
{
    g_autoptr(MvmImportSource) two = read_text(
        "RAM=4G\nif [ -n \"$BIG\" ]; then\n RAM=8G\n qemu-system-x86_64 -m $RAM -hda first.img\n"
        "else\n qemu-system-x86_64 -m 1G -hda second.img -device isa-applesmc,osk=secret\nfi\n");
    g_autoptr(MvmImportSource) lists =
        read_text("args=(-m 4G)\nif a; then args+=(-hda first.img)\nelse args+=(-hda second.img)\n"
                  "fi\ncase $1 in a) args+=(-k de);; b) args+=(-k fr);; esac\n"
                  "other=(-hda third.img)\nqemu-system-x86_64 \"${args[@]}\"\n");

    g_assert_cmpstr(two->image[MVM_IMPORT_SYSTEM], ==, "first.img");
    g_assert_cmpstr(option(two, MVM_OPTION_MEMORY), ==, "4096M");
    g_assert_true(leaves(two, "8G"));
    g_assert_true(leaves(two, "second.img"));
    g_assert_false(leaves(two, "secret"));
    g_assert_cmpstr(lists->image[MVM_IMPORT_SYSTEM], ==, "first.img");
    g_assert_true(leaves(lists, "second.img"));
    g_assert_true(leaves(lists, "third.img"));
    g_assert_true(leaves(lists, "-k de"));
    g_assert_true(leaves(lists, "-k fr"));
}

static void
test_flash(void)
{
    g_autoptr(MvmImportSource) both = read_text(BASE " -drive if=pflash,readonly=on,file=c.fd"
                                                     " -drive if=pflash,readonly,file=v.fd\n");
    g_autoptr(MvmImportSource) units =
        read_text(BASE " -drive if=pflash,unit=1,file=v.fd"
                       " -drive if=pflash,unit=0,readonly=on,file=c.fd\n");
    g_autoptr(MvmImportSource) one = read_text(BASE " -drive if=pflash,file=v.fd\n");

    g_assert_cmpstr(both->image[MVM_IMPORT_CODE], ==, "c.fd");
    g_assert_cmpstr(both->image[MVM_IMPORT_VARS], ==, "v.fd");
    g_assert_true(leaves(both, "cannot be written to"));
    g_assert_cmpstr(units->image[MVM_IMPORT_CODE], ==, "c.fd");
    g_assert_cmpstr(units->image[MVM_IMPORT_VARS], ==, "v.fd");
    g_assert_cmpuint(units->left->len, ==, 0);
    g_assert_null(one->image[MVM_IMPORT_CODE]);
    g_assert_cmpstr(one->image[MVM_IMPORT_VARS], ==, "v.fd");
}

/* Defaults of parameters, and QEMU by another name. */
static void
test_names(void)
{
    static const char *const forms[] = {
        "QEMU=$(which qemu-system-x86_64)\n$QEMU -hda \"${1:-mac}.img\"\n",
        "Q=`command -v qemu-system-x86_64 2>/dev/null`\n\"$Q\" -hda ${1-mac}.img\n",
        "D=${DISK:=mac}\nexec ${QEMU:-/opt/qemu/bin/qemu-system-x86_64} -hda $D.img\n",
        "A=\"-hda mac.img\"\nA+=\" -usb\"\nsudo -E nice -n 5 $QEMU_BIN $A\n",
        "run=(qemu-system-x86_64 -hda mac.img)\n\"${run[@]}\"\n",
        "cat <<EOF\nqemu-system-x86_64 -hda never.img\nEOF\nkvm -hda ${2:-${1:-mac}}.img\n",
        "echo qemu-system-x86_64 -hda never.img\nqemu-kvm mac.img > log 2>&1\n"};
    static const char block[] =
        "<domain><devices><disk type='block'><source dev='/dev/sda'/></disk>"
        "</devices></domain>";
    static const char script[] = "qemu-system-x86_64 -drive file=/dev/sdb,format=raw\n";
    g_autoptr(MvmImportSource) volume =
        read_text("<domain><devices><disk type='volume'><source pool='default' volume='mac.img'/>"
                  "</disk></devices></domain>");

    for (size_t i = 0; i < G_N_ELEMENTS(forms); i++) {
        g_autoptr(MvmImportSource) source = NULL;

        g_test_message("%s", forms[i]);
        source = read_text(forms[i]);
        g_assert_cmpstr(source->image[MVM_IMPORT_SYSTEM], ==, "mac.img");
        g_assert_false(leaves(source, "never.img"));
    }
    g_assert_cmpstr(volume->image[MVM_IMPORT_SYSTEM], ==, "mac.img");
    g_assert_cmpstr(volume->pool[MVM_IMPORT_SYSTEM], ==, "default");
    assert_refused(block, strlen(block));
    assert_refused(script, strlen(script));
    for (int i = 0; i < 2; i++) {
        g_autoptr(GError) error = NULL;
        const char *text = i == 0 ? block : script;

        g_assert_null(mvm_import_read(text, strlen(text), "/d", "t", &error));
        g_assert_nonnull(strstr(error->message, "physical disks are not taken"));
    }
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
    g_assert_cmpint(mvm_image_head_check(head, sizeof head, "import", "x", &format, &error), ==,
                    good);
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
    g_assert_false(
        mvm_image_head_check((const uint8_t *)"QFI\xfb\0\0\0\3", 8, "import", "x", &format, NULL));
    g_assert_false(mvm_image_head_check(disk, sizeof disk, "import", "x", &format, NULL));
    g_assert_false(mvm_image_head_check(disk, 0, "import", "x", &format, NULL));
    memcpy(disk + 510, "\x55\xaa", 2);
    g_assert_true(mvm_image_head_check(disk, 512, "import", "x", &format, NULL));
    g_assert_cmpint(format, ==, MVM_IMAGE_RAW);
    g_assert_false(mvm_image_head_check(disk, 511, "import", "x", &format, NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
        memset(disk, 0, 64);
        memcpy(disk, others[i], strlen(others[i]));
        g_assert_false(mvm_image_head_check(disk, sizeof disk, "import", "x", &format, NULL));
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
    g_test_add_func("/no-leaf-is-dropped", test_no_leaf_is_dropped);
    g_test_add_func("/no-value-is-dropped", test_no_value_is_dropped);
    g_test_add_func("/no-argument-is-dropped", test_no_argument_is_dropped);
    g_test_add_func("/taken", test_taken);
    g_test_add_func("/smp", test_smp);
    g_test_add_func("/branches", test_branches);
    g_test_add_func("/flash", test_flash);
    g_test_add_func("/names", test_names);
    g_test_add_func("/hostile", test_hostile);
    g_test_add_func("/image-head", test_image_head);
    return g_test_run();
}
