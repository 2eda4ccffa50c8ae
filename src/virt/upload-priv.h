/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The smaller parts of an upload. */
#pragma once

#include "util/lock.h"
#include "util/qcow2.h"
#include "virt/pool-priv.h"
#include "virt/stream.h"
#include "virt/upload.h"

#include <stdbool.h>
#include <stdint.h>

#define MVM_UPLOAD_TAIL 4096

typedef struct MvmUploadAsk MvmUploadAsk;

struct MvmUpload {
    MvmPool *pool;         /* borrowed */
    MvmProgress *progress; /* borrowed, may be NULL */
    char *name;
    char *part;    /* the mark's name */
    char *scratch; /* the replacement's name, or the late one's until it is whole */
    char *what;    /* for the progress */
    char *task;    /* "upload to volume 'NAME'" */
    char *machine; /* see MvmUploadTarget */
    bool may_replace;
    bool replacing; /* the data goes to scratch first, and takes the old volume's place */
    bool late;      /* the data goes to scratch first, and there is no old volume */
    bool made;      /* the volume under way is this upload's: made by it, or gone on with */
    uint64_t size;
    uint64_t data; /* see MvmUploadTarget */
    uint64_t done;
    bool sparse;                   /* holes are sent; else a stream ends at each */
    bool cut;                      /* the link was lost, and what was made safe is still there */
    uint8_t head[MVM_QCOW2_HEAD];  /* the first bytes, zero where there are none yet */
    uint8_t tail[MVM_UPLOAD_TAIL]; /* the last bytes of the stream that are not all zero ... */
    uint64_t tail_at;              /* ... their place in the volume ... */
    size_t tail_len;               /* ... and how many they are; 0: none was sent */
    uint64_t probed;               /* the bytes that the volume took when the host was asked last */
    MvmUploadAsk *ask;             /* owned; a question under way, or NULL */
    bool deaf;                     /* the host does not answer: nothing can be removed */
    uint64_t nonce;
    MvmLock *lock;        /* owned: no other macvm of this machine uploads the name meanwhile */
    virStorageVolPtr vol; /* owned: what is written to */
    MvmStream *stream;    /* owned; NULL while nothing is under way */
};

/* The volume that the data goes to. Borrowed. */
const char *mvm_upload_get_written(const MvmUpload *up);

/* Sets the mark that says NAME is not finished. */
bool mvm_upload_set_mark(MvmUpload *up, GError **error);

/* The nonce of the mark that is there, 0 without one. *ret_placing (may be NULL): NAME, if it is
 * there, is a late upload's that was taking its name. */
uint64_t mvm_upload_read_mark(MvmUpload *up, bool *ret_placing);

/* Fails when another upload has set its own mark meanwhile. */
bool mvm_upload_check_mark(MvmUpload *up, GError **error);

/* Says on the mark that this late upload takes its name now. */
bool mvm_upload_mark_placing(MvmUpload *up, GError **error);

/* The mark's size then. */
uint64_t mvm_upload_placing_size(const MvmUpload *up);

/* Fails when there is a mark and yet the volume that has the name must not go: MVM_ERROR_CONFLICT,
 * a machine uses it, or a late upload had not come to take the name, so that it is another's. */
bool mvm_upload_check_name(MvmUpload *up, GError **error);

/* Removes the volume that has the name, or fails likewise. */
bool mvm_upload_clear_name(MvmUpload *up, GError **error);

/* Opens the stream to the volume at up->done. */
bool mvm_upload_open_stream(MvmUpload *up, GError **error);

/* Waits until the host has written all that was sent, and closes the stream. */
bool mvm_upload_finish_stream(MvmUpload *up, GError **error);

void mvm_upload_free(MvmUpload *up);

/* Keeps data, len bytes at offset of the image, as far as they belong to up->head. */
void mvm_upload_keep_head(MvmUpload *up, uint64_t offset, const void *data, size_t len);

/*
 * A host that cannot write (upload-fail.c).
 */

/* Ends the stream that failed with cause (owned by the callee), and reports that the pool is full
 * if it is, else cause; returns false. */
bool mvm_upload_fail(MvmUpload *up, GError *cause, GError **error);

/* Notes data, len bytes at up->done, for the check of the tail. */
void mvm_upload_keep_tail(MvmUpload *up, const uint8_t *data, size_t len);

/* Reads back the end of what was sent: libvirt may lose the error of a write. Data is written in
 * order, so that this proves the whole. */
bool mvm_upload_check_tail(MvmUpload *up, GError **error);

/* Of MvmStream; opaque is the upload. */
MvmStreamState mvm_upload_probe(void *opaque);

/*
 * Asking the host (upload-ask.c).
 */

typedef struct {
    bool known;          /* the host has answered */
    bool full;           /* the pool is */
    uint64_t allocation; /* bytes that the volume takes */
} MvmUploadAnswer;

/* Milliseconds for an answer of a host that works. */
#define MVM_UPLOAD_ANSWER_TIME 5000

/* Asks, on a connection of its own if anew (opened for it). The caller frees. */
MvmUploadAsk *mvm_upload_ask_start(MvmUpload *up, bool anew);

/* The answer, borrowed, or NULL when there is none within ms milliseconds. */
const MvmUploadAnswer *mvm_upload_ask_wait(MvmUploadAsk *ask, int ms);

/* Gives the connection that was opened for the question to pool. Nothing when there is none. */
void mvm_upload_ask_adopt(MvmUploadAsk *ask, MvmPool *pool);

/* NULL is allowed; a question under way is left alone. */
void mvm_upload_ask_free(MvmUploadAsk *ask);

/*
 * Putting a volume in another's place (upload-place.c).
 */

/* Makes libvirt look through the pool now. */
void mvm_upload_refresh(MvmPool *pool);

/* Fails when the pool has no room for the data. */
bool mvm_upload_check_room(MvmUpload *up, GError **error);

/* Fails unless the pool has room for a copy of scratch once the volume called name, if there is
 * one, is gone: that one must not be given up for one that then does not fit. */
bool mvm_upload_check_space(MvmPool *pool, const char *name, virStorageVolPtr scratch,
                            GError **error);

/* Says that there is no space to do that ("replace") with the volume; returns false. */
bool mvm_upload_set_no_space(MvmPool *pool, const char *name, const char *verb, GError **error);

/* Makes the volume called name with the content of scratch. */
bool mvm_upload_clone(MvmPool *pool, const char *name, virStorageVolPtr scratch, GError **error);

/* Gives the whole late volume its name: by renaming the file where that is on this machine and in
 * reach, else by a copy on the host, and scratch goes. */
bool mvm_upload_place_late(MvmUpload *up, GError **error);
