/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Edits of config.plist, from the disk that a machine has to one with a newer OpenCore: a merge of
 * three, as define's. A number in a path means the same element only where the array has not
 * changed.
 */
#include "ops/opencore-disk.h"

#include "ops/opencore.h"

#include <string.h>

typedef struct {
    GPtrArray *leaves;  /* owned */
    GHashTable *values; /* path -> leaf; borrowed from leaves */
} Index;

static void
index_init(Index *index, const MvmPlist *plist)
{
    index->leaves = mvm_plist_leaves(plist);
    index->values = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < index->leaves->len; i++) {
        MvmPlistLeaf *leaf = index->leaves->pdata[i];

        g_hash_table_insert(index->values, leaf->path, leaf);
    }
}

static void
index_clear(Index *index)
{
    g_ptr_array_unref(index->leaves);
    g_hash_table_unref(index->values);
}

typedef struct {
    const MvmContext *context;
    Index base, ours, new;
    MvmPlist *plist; /* borrowed */
    unsigned edits;
} Work;

static const MvmPlistLeaf *
look_up(const Index *index, const char *path)
{
    return g_hash_table_lookup(index->values, path);
}

static bool
is_same(const MvmPlistLeaf *a, const MvmPlistLeaf *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    return a->type == b->type && g_str_equal(a->value, b->value);
}

/* The outermost array that path leads through, as a path; NULL: none. The caller frees. */
static char *
array_of(const MvmPlist *plist, const char *path)
{
    for (const char *dot = strchr(path, '.'); dot != NULL; dot = strchr(dot + 1, '.')) {
        g_autofree char *prefix = g_strndup(path, (gsize)(dot - path));
        MvmPlistType type = MVM_PLIST_STRING;
        g_autofree char *text = mvm_plist_get(plist, prefix, &type, NULL);

        if (text != NULL && type == MVM_PLIST_ARRAY)
            return g_steal_pointer(&prefix);
    }
    return NULL;
}

/* The values below path, in one text; the caller frees. */
static char *
values_below(const Index *index, const char *path)
{
    GString *text = g_string_new(NULL);
    size_t len = strlen(path);

    for (guint i = 0; i < index->leaves->len; i++) {
        const MvmPlistLeaf *leaf = index->leaves->pdata[i];

        if (strncmp(leaf->path, path, len) == 0 && leaf->path[len] == '.')
            g_string_append_printf(text, "%s %d %s\n", leaf->path, (int)leaf->type, leaf->value);
    }
    return g_string_free(text, FALSE);
}

static bool
has_place(const Index *base, const Index *other, const MvmPlist *where, const char *path)
{
    g_autofree char *array = array_of(where, path);
    g_autofree char *before = array != NULL ? values_below(base, array) : NULL;
    g_autofree char *now = array != NULL ? values_below(other, array) : NULL;

    return array == NULL || g_str_equal(before, now);
}

bool
mvm_opencore_has_place(const MvmPlist *base, const MvmPlist *other, const char *path)
{
    Index before, now;
    bool has = false;

    index_init(&before, base);
    index_init(&now, other);
    has = has_place(&before, &now, base, path);
    index_clear(&before);
    index_clear(&now);
    return has;
}

static void
tell_lost(const Work *work, const char *path)
{
    mvm_progress_note(work->context->progress,
                      "'%s' was edited in the disk so far: this OpenCore's config.plist has no "
                      "place for that, or other values around it",
                      path);
}

static void
tell_both(const Work *work, const char *path, const MvmPlistLeaf *ours, const MvmPlistLeaf *new)
{
    g_autofree char *shown = ours != NULL ? g_strescape(ours->value, NULL) : g_strdup("(nothing)");
    g_autofree char *other = new != NULL ? g_strescape(new->value, NULL) : g_strdup("(nothing)");

    mvm_progress_note(work->context->progress,
                      "'%s' stays '%.64s', as edited; this OpenCore brings '%.64s'", path, shown,
                      other);
}

static void
carry(Work *work, const MvmPlist *where, const char *path)
{
    const MvmPlistLeaf *base = look_up(&work->base, path), *ours = look_up(&work->ours, path);
    const MvmPlistLeaf *new = look_up(&work->new, path);

    /* Who the Mac is, macvm knows; a copied machine's disk has it of the original. */
    if (mvm_opencore_is_identity(path) || is_same(base, ours) || is_same(ours, new) ||
        work->edits >= MVM_OPENCORE_MAX_EDITS)
        return;
    if (++work->edits == MVM_OPENCORE_MAX_EDITS)
        mvm_progress_note(
            work->context->progress,
            "more than %d values were edited in the disk so far: these are taken over",
            MVM_OPENCORE_MAX_EDITS);
    if (!has_place(&work->base, &work->new, where, path) ||
        !(ours != NULL ? mvm_plist_set(work->plist, path, ours->type, ours->value, NULL)
                       : mvm_plist_remove(work->plist, path, NULL)))
        tell_lost(work, path);
    else if (!is_same(base, new))
        tell_both(work, path, ours, new);
}

void
mvm_opencore_carry(const MvmContext *context, const MvmPlist *base, const MvmPlist *ours,
                   MvmPlist *plist)
{
    Work work = {.context = context, .plist = plist};

    index_init(&work.base, base);
    index_init(&work.ours, ours);
    index_init(&work.new, plist);
    for (guint i = 0; i < work.ours.leaves->len; i++)
        carry(&work, ours, ((const MvmPlistLeaf *)work.ours.leaves->pdata[i])->path);
    for (guint i = 0; i < work.base.leaves->len; i++) {
        const char *path = ((const MvmPlistLeaf *)work.base.leaves->pdata[i])->path;

        if (look_up(&work.ours, path) == NULL)
            carry(&work, base, path);
    }
    index_clear(&work.base);
    index_clear(&work.ours);
    index_clear(&work.new);
}
