/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "machine/options.h"

#include "machine/os.h"
#include "util/error.h"
#include "util/size.h"

#include <string.h>

#define SIZE_MAX_BYTES (UINT64_C(1) << 50)

typedef struct {
    MvmOptionInfo info;
    /* Returns the normal form, or NULL with an error. */
    char *(*normalise)(const MvmOptionInfo *info, const char *text, GError **error);
    int64_t min, max; /* for normalise_number */
} Row;

static char *normalise_os(const MvmOptionInfo *info, const char *text, GError **error);
static char *normalise_size(const MvmOptionInfo *info, const char *text, GError **error);
static char *normalise_number(const MvmOptionInfo *info, const char *text, GError **error);
static char *normalise_choice(const MvmOptionInfo *info, const char *text, GError **error);
static char *normalise_word(const MvmOptionInfo *info, const char *text, GError **error);
static char *normalise_network(const MvmOptionInfo *info, const char *text, GError **error);
static char *normalise_firmware(const MvmOptionInfo *info, const char *text, GError **error);
static char *normalise_resolution(const MvmOptionInfo *info, const char *text, GError **error);
static char *normalise_boot_args(const MvmOptionInfo *info, const char *text, GError **error);
static char *normalise_csr(const MvmOptionInfo *info, const char *text, GError **error);

/* The choices of an option that is a flag. */
#define FLAG_CHOICES "yes|no"

#define INFO(name, arg, help) .info = {name, arg, help, false}
#define LIVE(name, arg, help) .info = {name, arg, help, true}

static const Row rows[MVM_OPTION_COUNT] = {
    [MVM_OPTION_OS] = {INFO("os", "VERSION", "macOS version, 10.13 to 26, or its name (sonoma)"),
                       .normalise = normalise_os},
    [MVM_OPTION_MEMORY] = {INFO("memory", "SIZE", "memory, for example 16G"),
                           .normalise = normalise_size, .min = INT64_C(512) << 20},
    [MVM_OPTION_CORES] = {INFO("cores", "N", "cores; of each socket with --sockets"),
                          .normalise = normalise_number, .min = 1, .max = 255},
    [MVM_OPTION_THREADS] = {INFO("threads", "N", "threads of a core"),
                            .normalise = normalise_number, .min = 1, .max = 2},
    [MVM_OPTION_SOCKETS] = {INFO("sockets", "N", "sockets"), .normalise = normalise_number,
                            .min = 1, .max = 16},
    [MVM_OPTION_CPU] = {INFO("cpu", "MODEL", "CPU model as libvirt names it, or host"),
                        .normalise = normalise_word},
    [MVM_OPTION_ACCEL] = {INFO("accel", "auto|kvm|tcg", "who runs it: KVM, or QEMU's emulation"),
                          .normalise = normalise_choice},
    [MVM_OPTION_DISK_SIZE] = {INFO("disk-size", "SIZE",
                                   "size of a new system disk, for example 80G"),
                              .normalise = normalise_size, .min = INT64_C(1) << 30},
    [MVM_OPTION_POOL] = {INFO("pool", "POOL", "storage pool for the machine's images"),
                         .normalise = normalise_word},
    [MVM_OPTION_SSH_PORT] = {INFO("ssh-port", "PORT",
                                  "port on the host's 127.0.0.1 for the guest's ssh"),
                             .normalise = normalise_number, .min = 1, .max = 65535},
    [MVM_OPTION_SSH_USER] = {LIVE("ssh-user", "USER", "user to log in as in the guest"),
                             .normalise = normalise_word},
    [MVM_OPTION_NETWORK] = {INFO("network", "NET",
                                 "user, a libvirt network's name, or bridge=BRIDGE"),
                            .normalise = normalise_network},
    [MVM_OPTION_VIDEO] = {INFO("video", "vmvga|vga|virtio|qxl|bochs|ramfb", "its video card"),
                          .normalise = normalise_choice},
    [MVM_OPTION_GRAPHICS] = {INFO("graphics", "vnc|spice|none",
                                  "how its screen is shown, on the host's 127.0.0.1"),
                             .normalise = normalise_choice},
    [MVM_OPTION_FIRMWARE] = {INFO("firmware", "WHAT",
                                  "auto, upstream, or CODE:VARS (paths on the host)"),
                             .normalise = normalise_firmware},
    [MVM_OPTION_RESOLUTION] = {INFO("resolution", "WxH",
                                    "screen size that OpenCore sets, for example 1920x1080"),
                               .normalise = normalise_resolution, .min = 640, .max = 8192},
    [MVM_OPTION_BOOT_ARGS] = {INFO("boot-args", "ARGS", "arguments of macOS's kernel"),
                              .normalise = normalise_boot_args},
    [MVM_OPTION_VERBOSE_BOOT] = {INFO("verbose-boot", "on|off",
                                      "whether macOS tells what it does while it starts"),
                                 .normalise = normalise_choice},
    [MVM_OPTION_RECOVERY] = {INFO("recovery", "on|off",
                                  "whether Apple's recovery is a disk of the machine"),
                             .normalise = normalise_choice},
    [MVM_OPTION_PICKER_TIMEOUT] = {INFO("picker-timeout", "SECONDS",
                                        "how long OpenCore waits for a choice; 0: for ever"),
                                   .normalise = normalise_number, .max = 86400},
    [MVM_OPTION_CSR] = {INFO("csr", "NUMBER", "csr-active-config: what SIP lets through"),
                        .normalise = normalise_csr},
    [MVM_OPTION_AUTOSTART] = {LIVE("autostart", NULL, "start the machine with the host"),
                              .normalise = normalise_choice},
};

static const Row *
row_of(const MvmOptionInfo *info)
{
    return (const Row *)((const char *)info - G_STRUCT_OFFSET(Row, info));
}

static char *
bad_value(const MvmOptionInfo *info, const char *text, const char *why, GError **error)
{
    g_autofree char *shown = g_strescape(text, NULL);

    g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE, "cannot use '%s' for --%s: %s", shown,
                info->name, why);
    return NULL;
}

static char *
normalise_os(const MvmOptionInfo *info, const char *text, GError **error)
{
    const MvmOs *os = mvm_os_find(text, error);

    return os != NULL ? g_strdup(os->id) : NULL;
}

static char *
normalise_size(const MvmOptionInfo *info, const char *text, GError **error)
{
    uint64_t bytes = 0;

    if (!mvm_size_parse(text, &bytes, NULL)) {
        bad_value(info, text, "not a size", error);
        mvm_error_set_hint(error, "write a number and a unit, for example 16G or 80GiB");
        return NULL;
    }
    if (bytes < (uint64_t)row_of(info)->min || bytes > SIZE_MAX_BYTES) {
        g_autofree char *min = mvm_size_format((uint64_t)row_of(info)->min);
        g_autofree char *max = mvm_size_format(SIZE_MAX_BYTES);

        bad_value(info, text, "too small or too large", error);
        mvm_error_set_hint(error, "from %s to %s can be had", min, max);
        return NULL;
    }
    /* QEMU takes whole MiB of memory, and qcow2 whole sectors. */
    return g_strdup_printf("%" G_GUINT64_FORMAT "M", bytes >> 20);
}

static char *
normalise_number(const MvmOptionInfo *info, const char *text, GError **error)
{
    g_autofree char *what = g_strdup_printf("--%s", info->name);
    int64_t value = 0;

    if (!mvm_number_parse(what, text, row_of(info)->min, row_of(info)->max, &value, error))
        return NULL;
    return g_strdup_printf("%" G_GINT64_FORMAT, (gint64)value);
}

static char *
normalise_choice(const MvmOptionInfo *info, const char *text, GError **error)
{
    g_auto(GStrv) choices = g_strsplit(info->arg != NULL ? info->arg : FLAG_CHOICES, "|", -1);
    g_autofree char *all = NULL;

    if (g_strv_contains((const char *const *)choices, text))
        return g_strdup(text);
    all = g_strjoinv(", ", choices);
    bad_value(info, text, "not one of the choices", error);
    mvm_error_set_hint(error, "choose one of %s", all);
    return NULL;
}

static char *
normalise_word(const MvmOptionInfo *info, const char *text, GError **error)
{
    if (*text == '\0' || *text == '-' || strlen(text) > 255 || !g_utf8_validate(text, -1, NULL))
        return bad_value(info, text, "not a name", error);
    for (const char *p = text; *p != '\0'; p = g_utf8_next_char(p)) {
        if (g_unichar_iscntrl(g_utf8_get_char(p)))
            return bad_value(info, text, "it has a control character", error);
    }
    return g_strdup(text);
}

/* A bridge's name is that of a Linux network device: see dev_valid_name() in the kernel. */
static char *
normalise_network(const MvmOptionInfo *info, const char *text, GError **error)
{
    static const char prefix[] = "bridge=";
    const char *bridge = g_str_has_prefix(text, prefix) ? text + strlen(prefix) : NULL;

    if (bridge != NULL && (*bridge == '\0' || strlen(bridge) > 15 || *bridge == '.' ||
                           strpbrk(bridge, "/: \t") != NULL))
        return bad_value(info, text, "not the name of a bridge", error);
    return normalise_word(info, text, error);
}

static char *
normalise_firmware(const MvmOptionInfo *info, const char *text, GError **error)
{
    const char *colon = strchr(text, ':');

    if (g_str_equal(text, "auto") || g_str_equal(text, "upstream"))
        return g_strdup(text);
    if (text[0] != '/' || colon == NULL || colon[1] != '/')
        return bad_value(info, text, "not auto, upstream or two absolute paths CODE:VARS", error);
    return normalise_word(info, text, error);
}

static char *
normalise_resolution(const MvmOptionInfo *info, const char *text, GError **error)
{
    const Row *row = row_of(info);
    g_auto(GStrv) sides = g_strsplit(text, "x", 3);
    guint64 width = 0, height = 0;

    if (g_strv_length(sides) != 2 ||
        !g_ascii_string_to_unsigned(sides[0], 10, (guint64)row->min, (guint64)row->max, &width,
                                    NULL) ||
        !g_ascii_string_to_unsigned(sides[1], 10, 400, (guint64)row->max, &height, NULL))
        return bad_value(info, text, "not a width and a height as in 1920x1080", error);
    return g_strdup_printf("%ux%u", (unsigned)width, (unsigned)height);
}

/* They end up in an NVRAM variable of ASCII; macOS reads 1 KiB at most. */
static char *
normalise_boot_args(const MvmOptionInfo *info, const char *text, GError **error)
{
    if (strlen(text) > 1000)
        return bad_value(info, text, "too long", error);
    for (const char *p = text; *p != '\0'; p++) {
        if (!g_ascii_isprint(*p))
            return bad_value(info, text, "a character is not printable ASCII", error);
    }
    return g_strstrip(g_strdup(text));
}

/* 32 bits: https://github.com/apple-oss-distributions/xnu, bsd/sys/csr.h. */
static char *
normalise_csr(const MvmOptionInfo *info, const char *text, GError **error)
{
    bool hex = g_str_has_prefix(text, "0x");
    guint64 value = 0;

    if (!g_ascii_string_to_unsigned(hex ? text + 2 : text, hex ? 16 : 10, 0, G_MAXUINT32, &value,
                                    NULL))
        return bad_value(info, text, "not a number of 32 bits as in 0x67", error);
    return g_strdup_printf("0x%" G_GINT64_MODIFIER "x", value);
}

const MvmOptionInfo *
mvm_option_info(MvmOption option)
{
    return &rows[option].info;
}

MvmOption
mvm_option_find(const char *name)
{
    for (int i = 0; i < MVM_OPTION_COUNT; i++) {
        if (g_str_equal(rows[i].info.name, name))
            return (MvmOption)i;
    }
    return MVM_OPTION_COUNT;
}

MvmOptions *
mvm_options_new(void)
{
    return g_new0(MvmOptions, 1);
}

MvmOptions *
mvm_options_copy(const MvmOptions *options)
{
    MvmOptions *copy = mvm_options_new();

    mvm_options_overlay(copy, options);
    return copy;
}

void
mvm_options_free(MvmOptions *options)
{
    if (options == NULL)
        return;
    for (int i = 0; i < MVM_OPTION_COUNT; i++)
        g_free(options->value[i]);
    g_free(options);
}

bool
mvm_options_set(MvmOptions *options, MvmOption option, const char *text, GError **error)
{
    char *value = rows[option].normalise(&rows[option].info, text, error);

    if (value == NULL)
        return false;
    g_free(options->value[option]);
    options->value[option] = value;
    return true;
}

void
mvm_options_overlay(MvmOptions *options, const MvmOptions *over)
{
    for (int i = 0; i < MVM_OPTION_COUNT; i++) {
        if (over->value[i] == NULL || over->value[i] == options->value[i])
            continue;
        g_free(options->value[i]);
        options->value[i] = g_strdup(over->value[i]);
    }
}
