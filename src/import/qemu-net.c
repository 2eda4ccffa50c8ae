/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The network card and where it leads: -device, -netdev, -nic and -net. The first card counts. */
#include "import/qemu-args.h"

#include <string.h>

/* The address that QEMU gives the first card by itself (net/net.c). */
#define QEMU_FIRST_MAC "52:54:00:12:34:56"

/* "tcp::2222-:22": the host's port when the guest's is that of ssh, else NULL. The caller frees. */
static char *
ssh_port_of(const char *forward)
{
    g_auto(GStrv) sides = g_strsplit(forward, "-", 2);
    const char *host = sides[0] != NULL ? strrchr(sides[0], ':') : NULL;
    const char *guest = host != NULL && sides[1] != NULL ? strrchr(sides[1], ':') : NULL;

    if (guest == NULL || strcmp(guest, ":22") != 0 || g_str_has_prefix(forward, "udp"))
        return NULL;
    return g_strdup(host + 1);
}

static void
read_forward(MvmImportSource *source, const char *forward)
{
    g_autofree char *port = ssh_port_of(forward);
    const char *address = strchr(forward, ':');

    if (port == NULL || source->options->value[MVM_OPTION_SSH_PORT] != NULL) {
        mvm_import_leave(source, "forward '%s': macvm forwards ssh alone", forward);
        return;
    }
    mvm_import_set(source, MVM_OPTION_SSH_PORT, port, "port of ssh");
    if (address[1] != ':' && !g_str_has_prefix(address, ":127.0.0.1:"))
        mvm_import_leave(source, "address of the forward '%s': the machine's is on 127.0.0.1",
                         forward);
}

static void
read_forwards(MvmImportSource *source, MvmQemuValues *values)
{
    for (guint i = 0; i < values->list->len; i++) {
        MvmQemuValue *value = values->list->pdata[i];

        if (!g_str_equal(value->key, "hostfwd"))
            continue;
        read_forward(source, value->value);
        value->used = true;
    }
}

/* Where kind, which was taken, leads. */
static void
read_network(MvmImportSource *source, MvmQemuValues *values, const char *kind)
{
    read_forwards(source, values);
    if (g_strcmp0(kind, "bridge") == 0) {
        const char *bridge = mvm_qemu_values_take(values, "br");
        g_autofree char *network = g_strconcat("bridge=", bridge != NULL ? bridge : "br0", NULL);

        mvm_import_set(source, MVM_OPTION_NETWORK, network, "network");
    } else if (g_strcmp0(kind, "user") != 0) {
        mvm_import_leave(source, "network of kind '%s': the machine gets one in user mode",
                         kind != NULL ? kind : "");
    }
    mvm_qemu_values_leave(values, source);
}

static const char *
take_kind(MvmQemuValues *values)
{
    const char *kind = mvm_qemu_values_take(values, "");

    return kind != NULL ? kind : mvm_qemu_values_take(values, "type");
}

/* The first card is taken, with the address that QEMU would give it. */
static bool
take_card(MvmQemuReader *reader, const char *model, const char *mac)
{
    if (reader->has_card)
        return false;
    reader->has_card = true;
    g_free(reader->source->nic);
    reader->source->nic = g_strdup(model);
    mvm_import_set_mac(reader->source, mac != NULL ? mac : QEMU_FIRST_MAC);
    return true;
}

void
mvm_qemu_read_card(MvmQemuReader *reader, MvmQemuValues *values, const char *driver)
{
    if (!take_card(reader, driver, mvm_qemu_values_get(values, "mac"))) {
        mvm_import_leave(reader->source, "one more network card, %s", driver);
        mvm_qemu_values_leave(values, reader->source);
        return;
    }
    (void)mvm_qemu_values_take(values, "mac");
    reader->netdev = g_strdup(mvm_qemu_values_take(values, "netdev"));
    mvm_qemu_values_same(values, "id", NULL);
    mvm_qemu_values_leave(values, reader->source);
}

/* -nic KIND,model=MODEL,mac=MAC: both in one. */
void
mvm_qemu_read_nic(MvmQemuReader *reader, const char *text)
{
    g_auto(MvmQemuValues) values = {0};
    const char *kind = NULL;

    mvm_qemu_values_init(&values, "-nic", text);
    kind = mvm_qemu_values_get(&values, "");
    if (g_strcmp0(kind, "none") == 0 || !take_card(reader, mvm_qemu_values_get(&values, "model"),
                                                   mvm_qemu_values_get(&values, "mac"))) {
        mvm_import_leave(reader->source, "argument '-nic %s'", text);
        return;
    }
    (void)mvm_qemu_values_take(&values, "model");
    (void)mvm_qemu_values_take(&values, "mac");
    mvm_qemu_values_same(&values, "id", NULL);
    read_network(reader->source, &values, take_kind(&values));
}

/* -net nic,... and -net KIND,...: what -nic took the place of. */
void
mvm_qemu_read_net(MvmQemuReader *reader, const char *text)
{
    g_auto(MvmQemuValues) values = {0};
    const char *model = NULL;

    if (!g_str_has_prefix(text, "nic")) {
        g_ptr_array_add(reader->netdevs, g_strdup(text));
        return;
    }
    mvm_qemu_values_init(&values, "-net", text);
    (void)take_kind(&values);
    model = mvm_qemu_values_get(&values, "model");
    if (!take_card(reader, model, mvm_qemu_values_get(&values, "macaddr"))) {
        mvm_import_leave(reader->source, "argument '-net %s'", text);
        return;
    }
    (void)mvm_qemu_values_take(&values, "model");
    (void)mvm_qemu_values_take(&values, "macaddr");
    mvm_qemu_values_leave(&values, reader->source);
}

void
mvm_qemu_finish_net(MvmQemuReader *reader)
{
    guint chosen = 0;
    bool found = false;

    for (guint i = 0; reader->netdev != NULL && !found && i < reader->netdevs->len; i++) {
        g_auto(MvmQemuValues) values = {0};

        mvm_qemu_values_init(&values, "-netdev", reader->netdevs->pdata[i]);
        found = g_strcmp0(mvm_qemu_values_get(&values, "id"), reader->netdev) == 0;
        chosen = found ? i : 0;
    }
    for (guint i = 0; i < reader->netdevs->len; i++) {
        g_auto(MvmQemuValues) values = {0};

        mvm_qemu_values_init(&values, "-netdev", reader->netdevs->pdata[i]);
        if (i != chosen) {
            mvm_qemu_values_leave(&values, reader->source);
            continue;
        }
        mvm_qemu_values_same(&values, "id", NULL);
        read_network(reader->source, &values, take_kind(&values));
    }
}
