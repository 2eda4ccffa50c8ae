/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What to ask Apple's recovery server for, to get each macOS version. Names and titles are the
 * machine part's (machine/os.h); the two tables share their ids, and a test compares them.
 */
#pragma once

typedef struct {
    const char *id;       /* "10.15", "14" */
    const char *board_id; /* a Mac that stops at this version, where there is one */
    const char *mlb;      /* 17 characters; all zero: anonymous */
    const char *os;       /* "default" or "latest": which of the board's versions */
} MvmMediaRequest;

/* The request for the version of that id, or NULL; static storage. */
const MvmMediaRequest *mvm_media_request_find(const char *id);
