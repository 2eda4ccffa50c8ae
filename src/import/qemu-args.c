/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "import/qemu-args.h"

#include "import/shell.h"

#include <string.h>

/* --- one option each -------------------------------------------------------------------------- */

static void
read_netdev(MvmQemuReader *reader, const char *text)
{
    g_ptr_array_add(reader->netdevs, g_strdup(text));
}

static void
read_disk(MvmQemuReader *reader, const char *text)
{
    mvm_import_disk(reader->source, "", text, NULL);
}

static void
read_cdrom(MvmQemuReader *reader, const char *text)
{
    mvm_import_leave(reader->source, "CD image '%s'", text);
}

static void
read_uuid(MvmQemuReader *reader, const char *text)
{
    mvm_import_set_uuid(reader->source, text);
}

static void
set_accel(MvmQemuReader *reader, const char *accel)
{
    if (g_str_equal(accel, "tcg"))
        mvm_import_set(reader->source, MVM_OPTION_ACCEL, "tcg", "accelerator");
    else
        mvm_import_leave(reader->source, "accelerator '%s'", accel);
}

/* KVM, where the host has it, is what a machine has that does not ask. */
static void
read_accel(MvmQemuReader *reader, const char *text)
{
    g_auto(MvmQemuValues) values = {0};
    const char *accel = NULL;

    mvm_qemu_values_init(&values, "-accel", text);
    mvm_qemu_values_same(&values, "", "kvm");
    mvm_qemu_values_same(&values, "accel", "kvm");
    accel = mvm_qemu_values_get(&values, "");
    if (accel != NULL && !g_str_equal(accel, "kvm"))
        set_accel(reader, mvm_qemu_values_take(&values, ""));
    mvm_qemu_values_leave(&values, reader->source);
}

static void
read_machine(MvmQemuReader *reader, const char *text)
{
    static const struct {
        const char *key, *value;
    } same[] = {{"", "q35"},     {"type", "q35"},          {"accel", "kvm"}, {"accel", "kvm:tcg"},
                {"usb", "off"},  {"vmport", "auto"},       {"smm", "auto"},  {"graphics", "on"},
                {"hpet", "off"}, {"dump-guest-core", "on"}};
    g_auto(MvmQemuValues) values = {0};

    mvm_qemu_values_init(&values, "-machine", text);
    for (size_t i = 0; i < G_N_ELEMENTS(same); i++)
        mvm_qemu_values_same(&values, same[i].key, same[i].value);
    if (g_strcmp0(mvm_qemu_values_get(&values, "accel"), "tcg") == 0)
        set_accel(reader, mvm_qemu_values_take(&values, "accel"));
    mvm_qemu_values_leave(&values, reader->source);
}

static void
read_vga(MvmQemuReader *reader, const char *text)
{
    static const struct {
        const char *vga, *video;
    } cards[] = {{"std", "vga"}, {"vmware", "vmvga"}, {"qxl", "qxl"}, {"virtio", "virtio"}};

    for (size_t i = 0; i < G_N_ELEMENTS(cards); i++) {
        if (g_str_equal(text, cards[i].vga)) {
            mvm_import_set(reader->source, MVM_OPTION_VIDEO, cards[i].video, "video card");
            return;
        }
    }
    mvm_import_leave(reader->source, "argument '-vga %s': the machine has one of its own", text);
}

/* --- screen ----------------------------------------------------------------------------------- */

/* No window of QEMU's own is all that "none" means beside a server for viewers. */
static void
set_graphics(MvmQemuReader *reader, const char *kind)
{
    MvmOptions *options = reader->source->options;

    if (g_strcmp0(options->value[MVM_OPTION_GRAPHICS], "none") == 0)
        g_clear_pointer(&options->value[MVM_OPTION_GRAPHICS], g_free);
    mvm_import_set(reader->source, MVM_OPTION_GRAPHICS, kind, "screen");
}

static void
read_display(MvmQemuReader *reader, const char *text)
{
    bool is_vnc = g_str_has_prefix(text, "vnc=");

    if (g_str_equal(text, "none") && reader->source->options->value[MVM_OPTION_GRAPHICS] == NULL)
        set_graphics(reader, "none");
    else if (is_vnc || g_str_equal(text, "spice-app"))
        set_graphics(reader, is_vnc ? "vnc" : "spice");
    if (!g_str_equal(text, "none") && !g_str_equal(text, "spice-app"))
        mvm_import_leave(reader->source,
                         "argument '-display %s': libvirt chooses where it is shown", text);
}

static void
read_nographic(MvmQemuReader *reader, const char *text)
{
    read_display(reader, "none");
}

static void
read_vnc(MvmQemuReader *reader, const char *text)
{
    if (!g_str_equal(text, "none"))
        set_graphics(reader, "vnc");
    mvm_import_leave(reader->source, "argument '-vnc %s': libvirt chooses the port", text);
}

static void
read_spice(MvmQemuReader *reader, const char *text)
{
    set_graphics(reader, "spice");
    mvm_import_leave(reader->source, "argument '-spice %s': libvirt chooses the port", text);
}

/* --- the whole line --------------------------------------------------------------------------- */

typedef void (*ReadOption)(MvmQemuReader *reader, const char *value);

typedef struct {
    const char *flag;
    ReadOption read; /* NULL: a machine of macvm has the same */
    bool has_value;
    bool once; /* the last one counts */
} Option;

static const Option options[] = {
    {"-m", mvm_qemu_read_memory, true, true},
    {"-smp", mvm_qemu_read_smp, true, true},
    {"-cpu", mvm_qemu_read_cpu, true, true},
    {"-machine", read_machine, true, false},
    {"-M", read_machine, true, false},
    {"-accel", read_accel, true, false},
    {"-device", mvm_qemu_read_device, true, false},
    {"-drive", mvm_qemu_read_drive, true, false},
    {"-hda", read_disk, true, false},
    {"-hdb", read_disk, true, false},
    {"-hdc", read_disk, true, false},
    {"-hdd", read_disk, true, false},
    {"-cdrom", read_cdrom, true, false},
    {"-netdev", read_netdev, true, false},
    {"-net", mvm_qemu_read_net, true, false},
    {"-nic", mvm_qemu_read_nic, true, false},
    {"-uuid", read_uuid, true, true},
    {"-smbios", mvm_qemu_read_smbios, true, false},
    {"-vga", read_vga, true, true},
    {"-display", read_display, true, false},
    {"-vnc", read_vnc, true, false},
    {"-spice", read_spice, true, false},
    {"-nographic", read_nographic, false, false},
    {"-enable-kvm", NULL, false, false},
    {"-usb", NULL, false, false},
    {"-nodefaults", NULL, false, false},
    {"-no-user-config", NULL, false, false},
    {"-no-hpet", NULL, false, false},
};

/* Options without a value that no machine of macvm has by itself. */
static const char *const bare[] = {"-S",
                                   "-s",
                                   "-snapshot",
                                   "-daemonize",
                                   "-no-reboot",
                                   "-no-shutdown",
                                   "-no-acpi",
                                   "-full-screen",
                                   "-no-quit",
                                   "-alt-grab",
                                   "-ctrl-grab",
                                   "-show-cursor",
                                   "-mem-prealloc",
                                   "-only-migratable",
                                   "-preconfig",
                                   "-singlestep",
                                   "-curses",
                                   "-sdl",
                                   "-no-fd-bootchk",
                                   "-no-frame",
                                   NULL};

/* What the machine has as well, whole. */
static bool
is_same(const char *flag, const char *value)
{
    static const char *const same[][2] = {
        {"-rtc", "base=utc"},
        {"-boot", "order=c"},
        {"-serial", "pty"},
        {"-parallel", "none"},
        {"-monitor", "none"},
        {"-global", "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off"},
        {"-global", "ICH9-LPC.disable_s3=1"},
        {"-global", "ICH9-LPC.disable_s4=1"}};

    for (size_t i = 0; i < G_N_ELEMENTS(same); i++) {
        if (g_str_equal(flag, same[i][0]) && g_str_equal(value, same[i][1]))
            return true;
    }
    return false;
}

static const Option *
find_option(const char *flag)
{
    for (size_t i = 0; i < G_N_ELEMENTS(options); i++) {
        if (g_str_equal(flag, options[i].flag))
            return &options[i];
    }
    return NULL;
}

/* One argument: its flag, with one dash, and its value, NULL without one. Borrowed. */
typedef struct {
    const char *flag;
    const MvmShellWord *value;
    guint words; /* that it is made of */
} Argument;

static Argument
argument_at(const GPtrArray *words, guint at)
{
    const MvmShellWord *word = words->pdata[at];
    const MvmShellWord *next = at + 1 < words->len ? words->pdata[at + 1] : NULL;
    Argument argument = {.flag = word->text, .words = 1};
    const Option *option = NULL;
    bool has_value = false;

    if (word->opaque || *word->text != '-')
        return argument;
    if (g_str_has_prefix(argument.flag, "--"))
        argument.flag++;
    option = find_option(argument.flag);
    has_value = option != NULL
                    ? option->has_value
                    : next != NULL && *next->text != '-' && !g_strv_contains(bare, argument.flag);
    if (has_value && next != NULL) {
        argument.value = next;
        argument.words = 2;
    }
    return argument;
}

static bool
comes_again(const GPtrArray *words, guint at, const char *flag)
{
    while (at < words->len) {
        Argument argument = argument_at(words, at);
        const MvmShellWord *word = words->pdata[at];

        if (!word->opaque && g_str_equal(argument.flag, flag))
            return true;
        at += argument.words;
    }
    return false;
}

static void
read_argument(MvmQemuReader *reader, const GPtrArray *words, guint at, const Argument *argument)
{
    const char *value = argument->value != NULL ? argument->value->text : "";
    const char *space = argument->value != NULL ? " " : "";
    const Option *option = find_option(argument->flag);

    if (argument->value != NULL && argument->value->opaque)
        mvm_import_leave(reader->source, "argument '%s %s': only a shell could tell its value",
                         argument->flag, value);
    else if (option != NULL && option->once &&
             comes_again(words, at + argument->words, argument->flag))
        mvm_import_leave(reader->source, "argument '%s %s': it is given again, and that counts",
                         argument->flag, value);
    else if (option != NULL && option->read != NULL)
        option->read(reader, value);
    else if (option == NULL && !is_same(argument->flag, value))
        mvm_import_leave(reader->source, "argument '%s%s%s'", argument->flag, space, value);
}

static void
read_word(MvmQemuReader *reader, const GPtrArray *words, guint at, const Argument *argument)
{
    const MvmShellWord *word = words->pdata[at];

    if (word->opaque)
        mvm_import_leave(reader->source, "argument '%s': only a shell could tell what it is",
                         word->text);
    else if (*word->text == '-')
        read_argument(reader, words, at, argument);
    else if (strpbrk(word->text, "./") != NULL)
        read_disk(reader, word->text); /* a word alone is an image, for QEMU as well */
    else if (*word->text != '\0')
        mvm_import_leave(reader->source, "argument '%s'", word->text);
}

/* Whether a machine type is one of before 6.2, where -smp fills up with sockets. */
static bool
is_older(const char *text)
{
    g_auto(MvmQemuValues) values = {0};
    const char *type = NULL, *version = NULL;
    g_auto(GStrv) parts = NULL;

    mvm_qemu_values_init(&values, "-machine", text);
    type = mvm_qemu_values_get(&values, "type");
    if (type == NULL)
        type = mvm_qemu_values_get(&values, "");
    version = type != NULL && g_str_has_prefix(type, "pc-") ? strrchr(type, '-') : NULL;
    if (version == NULL)
        return false;
    parts = g_strsplit(version + 1, ".", 3);
    if (parts[0] == NULL || parts[1] == NULL)
        return false;
    return atoi(parts[0]) < 6 || (atoi(parts[0]) == 6 && atoi(parts[1]) < 2);
}

void
mvm_import_qemu_args(MvmImportSource *source, const GPtrArray *words)
{
    MvmQemuReader reader = {.source = source};
    Argument argument = {0};

    reader.netdevs = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < words->len; i += argument.words) {
        argument = argument_at(words, i);
        if (argument.value != NULL && !argument.value->opaque &&
            (g_str_equal(argument.flag, "-machine") || g_str_equal(argument.flag, "-M")))
            reader.prefers_sockets = is_older(argument.value->text);
    }
    for (guint i = 0; i < words->len; i += argument.words) {
        argument = argument_at(words, i);
        read_word(&reader, words, i, &argument);
    }
    mvm_qemu_finish_net(&reader);
    mvm_qemu_finish_drives(&reader);
    g_ptr_array_unref(reader.netdevs);
    g_free(reader.netdev);
    g_free(reader.flash[0]);
    g_free(reader.flash[1]);
}
