/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What every connection by ssh shares: the program, its command line, and where the guests' host
 * keys are kept.
 *
 * The user's ssh configuration decides how to log in (keys, users, addresses of named hosts), and
 * nothing else: nothing is forwarded, run or shared that macvm did not ask for. ssh takes the first
 * value it finds and reads the command line first, so that each such option is given there
 * (ssh_config(5)); two have switches of their own.
 *
 * Each machine has a file of its own for its host keys, named for its alias, below the data
 * directory: many guests are 127.0.0.1:2222. Once there is a key in it no other will do, not even
 * one of another kind.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* The ssh program: $MACVM_SSH, else "ssh". Static or environment storage. */
const char *mvm_ssh_program(void);

typedef enum {
    MVM_SSH_LOGIN,  /* a person's session: ssh may ask on the terminal */
    MVM_SSH_ASKING, /* for macvm itself: no terminal over there, but ssh may ask on this one */
    MVM_SSH_BATCH,  /* the same, and ssh never asks; it gives up when nothing answers */
} MvmSshKind;

typedef enum {
    MVM_SSH_TRUST_USER,  /* the user's own known_hosts and configuration decide */
    MVM_SSH_TRUST_ANY,   /* the same, but an unknown key is accepted ("no_verify" of a URI) */
    MVM_SSH_TRUST_KNOWN, /* only the key that is kept for alias */
    MVM_SSH_TRUST_FIRST, /* the same; when none is kept, the one met now, which is kept */
} MvmSshTrust;

/* One connection. All strings are borrowed; NULL or 0: as the user's configuration has it. */
typedef struct {
    MvmSshKind kind;
    MvmSshTrust trust;
    const char *alias; /* names the machine among the host keys; needed for KNOWN and FIRST */
    const char *host;  /* never NULL */
    const char *user;
    unsigned port;
    bool literal; /* host is an address, reached directly or through proxy, whatever the user's
                     configuration makes of it */
    bool agent;   /* lets the other side use the user's ssh agent */
    const char *keyfile;
    const char *proxy;   /* see mvm_ssh_to_proxy() */
    const char *tunnel;  /* "HOST:PORT": stdin and stdout lead there, nothing is run */
    const char *control; /* path of a socket to share the connection by; NULL: it is not shared */
    bool master;         /* others may share this one */
} MvmSshCall;

/* ssh's argument vector, ended by NULL. command (NULL-terminated; NULL: none) are the words that
 * ssh joins with spaces for the shell there. Makes the folder of the host keys. Fails with
 * MVM_ERROR_USAGE when ssh or a shell could take the user's or the host's name for something else.
 * The caller frees. */
GPtrArray *mvm_ssh_argv(const MvmSshCall *call, const char *const *command, GError **error);

/* The value for proxy by which another ssh gets to port of host, an address, through call, whose
 * tunnel is ignored. The caller frees. */
char *mvm_ssh_to_proxy(const MvmSshCall *call, const char *host, unsigned port, GError **error);

/* "HOST:PORT" with an IPv6 address in brackets. The caller frees. */
char *mvm_ssh_join(const char *host, unsigned port);

/* text as one word in the value of an option that takes words and tokens (files, a socket's path):
 * ssh reads it as it is. The caller frees. */
char *mvm_ssh_quote(const char *text);

/* What a machine of libvirt's is called there: "macvm-UUID". The caller frees. */
char *mvm_ssh_alias(const char *uuid);

/* Whether a host key is kept for alias. */
bool mvm_ssh_knows_host_key(const char *alias);

/* Whether ssh said text because it does not trust the host key. */
bool mvm_ssh_is_host_key_refusal(const char *text);

/* Sets "cannot trust '<who>': its host key has changed" (MVM_ERROR_FAILED), and the hint how to
 * accept the new one. */
void mvm_ssh_set_key_changed(GError **error, const char *who, const char *alias);

/* Sets "cannot trust '<who>': its host key is not known yet" (MVM_ERROR_CONFLICT), and the hint how
 * it becomes known; who is a machine's name. */
void mvm_ssh_set_key_unknown(GError **error, const char *who);

/* Forgets the host key of alias; that there is none is no failure. */
bool mvm_ssh_forget_host_key(const char *alias, GError **error);
