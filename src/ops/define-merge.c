/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ops/define-merge.h"

#include "ops/define-overrule.h"
#include "upstream/textdiff.h"
#include "util/error.h"
#include "virt/render.h"
#include "xml/merge.h"
#include "xml/xml.h"

#include <string.h>

void
mvm_merged_free(MvmMerged *merged)
{
    if (merged == NULL)
        return;
    g_free(merged->xml);
    g_clear_pointer(&merged->rendered, xmlFreeDoc);
    g_clear_pointer(&merged->remarks, g_ptr_array_unref);
    g_free(merged);
}

/* What the user asks for on this command line wins over any edit of the domain; so does, in a copy,
 * what no two machines may share. */
static GPtrArray *
forced_paths(const MvmOptions *asked, bool copy)
{
    GPtrArray *paths = g_ptr_array_new();

    for (const char *const *path = mvm_render_own_paths(); copy && *path != NULL; path++)
        g_ptr_array_add(paths, (gpointer)*path);

    for (int i = 0; i < MVM_OPTION_COUNT; i++) {
        const char *const *path = mvm_render_paths_of((MvmOption)i);

        for (; asked->value[i] != NULL && *path != NULL; path++)
            g_ptr_array_add(paths, (gpointer)*path);
    }
    g_ptr_array_add(paths, NULL);
    return paths;
}

/* Without the last rendering nobody knows what the user edited: all that differs then counts as
 * edited, which is no conflict. */
static MvmMergePolicy
policy_of(const MvmCurrent *current, MvmConflictChoice choice)
{
    switch (choice) {
    case MVM_CONFLICT_OURS:
        return MVM_MERGE_LIVE;
    case MVM_CONFLICT_THEIRS:
        return MVM_MERGE_NEW;
    case MVM_CONFLICT_STOP:
        break;
    }
    return current->base == NULL ? MVM_MERGE_LIVE : MVM_MERGE_STOP;
}

static bool
tell_conflicts(const char *name, const GPtrArray *conflicts, GError **error)
{
    g_autoptr(GString) list = g_string_new(NULL);

    for (guint i = 0; i < conflicts->len; i++) {
        const MvmMergeConflict *c = conflicts->pdata[i];

        g_string_append_printf(list, "\n  %s: was %s, you have %s, macvm brings %s", c->path,
                               c->base, c->live, c->new);
    }
    g_set_error(error, MVM_ERROR, MVM_ERROR_CONFLICT,
                "cannot define '%s': your edits and macvm's changes conflict:%s", name, list->str);
    mvm_error_set_hint(error, "--ours keeps what the domain has, --theirs takes what macvm brings");
    return false;
}

static void
tell_overruled(const GPtrArray *list, GPtrArray *sentences)
{
    for (guint i = 0; i < list->len; i++) {
        const MvmMergeConflict *c = list->pdata[i];

        g_ptr_array_add(sentences, g_strdup_printf("what you asked for replaces your edit of %s: "
                                                   "was %s, you had %s, now %s",
                                                   c->path, c->base, c->live, c->new));
    }
}

/* The merged document, or NULL with the conflicts. */
static xmlDoc *
merge(const MvmCurrent *current, xmlDoc *rendered, const MvmDefineRequest *request,
      GPtrArray *remarks, GError **error)
{
    g_autoptr(GPtrArray) forced = forced_paths(request->options, current->copy);
    MvmMergeInput input = {.base = current->base,
                           .live = current->doc,
                           .new = rendered,
                           .policy = policy_of(current, request->choice),
                           .forced = (const char *const *)forced->pdata};
    g_autoptr(MvmMergeResult) result = mvm_merge(&input);

    if (result->conflicts->len > 0) {
        tell_conflicts(request->name, result->conflicts, error);
        return NULL;
    }
    tell_overruled(result->overruled, remarks);
    mvm_overrule(current->doc, rendered, request->options, result->merged, remarks);
    return g_steal_pointer(&result->merged);
}

static void
replace(char **field, const char *value)
{
    g_free(*field);
    *field = g_strdup(value);
}

/* An identity is told only where the disk has it. */
static void
remember_opencore(MvmMetadata *metadata, const MvmMachine *machine)
{
    g_clear_pointer(&metadata->identity, mvm_identity_free);
    g_ptr_array_unref(metadata->config);
    metadata->config = mvm_config_edits_copy(machine->config);
    replace(&metadata->opencore_made, machine->opencore_made);
    replace(&metadata->opencore_from, machine->opencore_from);
    replace(&metadata->opencore_previous, machine->opencore_previous);
    replace(&metadata->opencore_previous_from, machine->opencore_previous_from);
    if (machine->opencore_made != NULL)
        metadata->identity = mvm_identity_copy(machine->identity);
}

/* What macvm must know next time: the options as asked for, and what it rendered now. */
static void
remember(xmlDoc *doc, const MvmCurrent *current, const MvmMachine *machine,
         const MvmOptions *options, bool reset_nvram, const char *rendered)
{
    g_autoptr(MvmMetadata) fresh = current == NULL ? mvm_metadata_new() : NULL;
    MvmMetadata *metadata = current != NULL ? current->metadata : fresh;
    g_autofree char *text = NULL;

    g_free(metadata->os);
    metadata->os = g_strdup(machine->os->id);
    metadata->profile = MVM_PROFILE_VERSION;
    g_free(metadata->uuid);
    metadata->uuid = g_strdup(machine->uuid);
    metadata->ssh_port = mvm_machine_forwards(machine) ? (int)machine->ssh_port : 0;
    g_free(metadata->ssh_user);
    metadata->ssh_user = g_strdup(machine->ssh_user);
    remember_opencore(metadata, machine);
    metadata->reset_nvram = metadata->reset_nvram || reset_nvram;
    for (int i = 0; i < MVM_OPTION_COUNT; i++) {
        if (i != MVM_OPTION_OS && options->value[i] != NULL)
            mvm_metadata_set_option(metadata, mvm_option_info((MvmOption)i)->name,
                                    options->value[i]);
    }
    g_free(metadata->render);
    metadata->render = g_strdup(rendered);
    text = mvm_metadata_to_text(metadata);
    /* What says the same in another order is left as it stands. */
    if (current == NULL || !g_str_equal(current->remembered, text))
        mvm_metadata_write(metadata, mvm_xml_ensure(doc, "/domain/metadata"));
}

/* What is remembered of a rendering: the template's comments are for the template's readers. */
static char *
text_to_remember(const xmlDoc *rendered)
{
    g_autoptr(xmlDoc) copy = mvm_xml_copy(rendered);
    xmlNode *root = xmlDocGetRootElement(copy);

    mvm_xml_drop_comments(root);
    return g_strchomp(mvm_xml_node_to_text(root));
}

MvmMerged *
mvm_define_merge(const MvmCurrent *current, const MvmMachine *machine, const MvmUnfit *unfit,
                 const MvmOptions *options, const MvmDefineRequest *request, GError **error)
{
    g_autoptr(xmlDoc) rendered = mvm_render(machine, error);
    g_autoptr(xmlDoc) doc = NULL;
    g_autoptr(GPtrArray) remarks = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *text = NULL;
    MvmMerged *merged = NULL;

    if (rendered == NULL)
        return NULL;
    text = text_to_remember(rendered);
    if (current == NULL)
        doc = mvm_xml_copy(rendered);
    else if ((doc = merge(current, rendered, request, remarks, error)) == NULL)
        return NULL;
    if (current == NULL && request->origin.edit != NULL)
        request->origin.edit(doc, request->origin.data);
    if (machine->nvram_path != NULL)
        mvm_xml_set(doc, "/domain/os/nvram", "%s", machine->nvram_path);
    mvm_unfit_move(unfit, doc, remarks);
    remember(doc, current, machine, options, request->reset_nvram, text);
    merged = g_new0(MvmMerged, 1);
    merged->xml = mvm_xml_node_to_text(xmlDocGetRootElement(doc));
    merged->changed = current == NULL ||
                      !mvm_xml_equal(xmlDocGetRootElement(current->doc), xmlDocGetRootElement(doc));
    merged->novel = current == NULL || mvm_xml_has_new_names(current->doc, doc);
    merged->rendered = g_steal_pointer(&rendered);
    merged->remarks = g_steal_pointer(&remarks);
    return merged;
}

GPtrArray *
mvm_define_list_edits(const MvmCurrent *current)
{
    GPtrArray *sentences = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) edits = NULL;

    if (current == NULL || current->base == NULL)
        return sentences;
    edits = mvm_merge_list_edits(current->base, current->doc);
    for (guint i = 0; i < edits->len; i++) {
        const MvmMergeConflict *c = edits->pdata[i];

        g_ptr_array_add(sentences, g_strdup_printf("%s: was %s, is %s", c->path, c->base, c->live));
    }
    return sentences;
}

GPtrArray *
mvm_define_list_missed(const MvmMerged *merged, const MvmDefineRequest *request, const char *xml)
{
    GPtrArray *sentences = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(xmlDoc) doc = mvm_xml_parse(xml, strlen(xml), "the domain", NULL);
    g_autoptr(GPtrArray) forced = forced_paths(request->options, false);
    MvmMergeInput input = {.base = merged->rendered,
                           .live = doc,
                           .new = merged->rendered,
                           .policy = MVM_MERGE_LIVE,
                           .forced = (const char *const *)forced->pdata};
    g_autoptr(MvmMergeResult) result = doc != NULL ? mvm_merge(&input) : NULL;

    for (guint i = 0; result != NULL && i < result->overruled->len; i++) {
        const MvmMergeConflict *c = result->overruled->pdata[i];

        g_ptr_array_add(sentences, g_strdup_printf("libvirt did not take %s as asked for: it is "
                                                   "%s, not %s",
                                                   c->path, c->live, c->new));
    }
    return sentences;
}

/* libvirt counts memory in KiB, macvm in MiB: only what differs is to be seen as a difference. */
static void
count_in_mib(xmlDoc *doc)
{
    g_autoptr(GPtrArray) sizes = mvm_xml_get_nodes(
        doc, "(/domain/memory | /domain/currentMemory | /domain/maxMemory)[@unit='KiB']");

    for (guint i = 0; i < sizes->len; i++) {
        g_autofree char *text = mvm_xml_dup_text(sizes->pdata[i]);
        g_autofree char *mib = NULL;
        guint64 kib = 0;

        if (!g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT64, &kib, NULL) || kib % 1024 != 0)
            continue;
        mib = g_strdup_printf("%" G_GUINT64_FORMAT, kib / 1024);
        mvm_xml_attr(sizes->pdata[i], "unit", "MiB");
        mvm_xml_set_text(sizes->pdata[i], mib);
    }
}

static char *
text_for_people(const char *xml, GError **error)
{
    g_autoptr(xmlDoc) doc = mvm_xml_parse(xml, strlen(xml), "the domain", error);
    g_autoptr(GPtrArray) args = NULL;

    if (doc == NULL)
        return NULL;
    mvm_xml_remove(doc, "/domain/metadata/macvm:machine");
    count_in_mib(doc);
    args = mvm_xml_get_nodes(doc, "/domain/qemu:commandline/qemu:arg[contains(@value, 'osk=')]");
    for (guint i = 0; i < args->len; i++)
        mvm_xml_attr(args->pdata[i], "value", "isa-applesmc,osk=(hidden)");
    return mvm_xml_to_text(doc);
}

char *
mvm_define_diff(const MvmCurrent *current, const MvmMerged *merged, GError **error)
{
    g_autofree char *before = NULL;
    g_autofree char *after = text_for_people(merged->xml, error);

    if (after == NULL)
        return NULL;
    if (current != NULL && (before = text_for_people(current->xml, error)) == NULL)
        return NULL;
    return mvm_text_diff("now", before, "after define", after, error);
}
