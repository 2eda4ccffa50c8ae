/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The scripts only pass the words on to `macvm __complete`: what can be completed is known in one
 * place, the table of commands. */
#include "cli/commands.h"
#include "util/error.h"

#include <string.h>

static const struct {
    const char *shell;
    const char *script;
} scripts[] = {
    /* bash ends a word at '=' and ':' too, which ours must not; and it takes what follows the last
     * of these for the word. */
    {"bash", "_macvm() {\n"
             "    local line=${COMP_LINE:0:COMP_POINT} words=() word reply meaning head\n"
             "    for word in \"${COMP_WORDS[@]:0:COMP_CWORD+1}\"; do\n"
             "        if [[ ${#words[@]} -eq 0 || $line == [[:blank:]]* ]]; then words+=(''); fi\n"
             "        while [[ $line == [[:blank:]]* ]]; do line=${line:1}; done\n"
             "        line=${line#\"$word\"}\n"
             "        words[-1]+=${word//\\\\/}\n"
             "    done\n"
             "    head=${words[-1]%\"${words[-1]##*[=:]}\"}\n"
             "    COMPREPLY=()\n"
             "    while IFS=$'\\t' read -r reply meaning; do\n"
             "        printf -v reply %q \"${reply#\"$head\"}\"\n"
             "        COMPREPLY+=(\"$reply\")\n"
             "    done < <(macvm __complete -- \"${words[@]:1}\" 2>/dev/null)\n"
             "    if [[ ${COMPREPLY[0]-} == *= ]]; then compopt -o nospace; fi\n"
             "}\n"
             "complete -o default -F _macvm macvm\n"},
    {"zsh",
     "#compdef macvm\n"
     "_macvm() {\n"
     "    local line word\n"
     "    local -a values options\n"
     "    for line in ${(f)\"$(macvm __complete -- \"${(@Q)words[2,CURRENT]}\" 2>/dev/null)\"}; "
     "do\n"
     "        word=${line%%$'\\t'*}\n"
     "        line=${word//:/\\\\:}${${line#$word}/$'\\t'/:}\n"
     "        if [[ $word == *= ]]; then options+=(\"$line\"); else values+=(\"$line\"); fi\n"
     "    done\n"
     "    (( $#values + $#options )) || { _files; return }\n"
     "    _describe -t values macvm values\n"
     "    _describe -t options option options -S ''\n"
     "}\n"
     "if [ \"$funcstack[1]\" = _macvm ]; then _macvm; else compdef _macvm macvm; fi\n"},
    {"fish", "function __macvm_complete\n"
             "    set -l words (commandline -opc) (commandline -ct)\n"
             "    set -g __macvm_found (macvm __complete -- $words[2..-1] 2>/dev/null)\n"
             "    test (count $__macvm_found) -gt 0\n"
             "end\n"
             "complete -c macvm -n __macvm_complete -f -a '(printf \"%s\\n\" $__macvm_found)'\n"},
};

bool
mvm_cmd_completion(MvmCli *cli, int argc, char **argv, GError **error)
{
    if (!mvm_cli_parse(cli, NULL, &argc, &argv, error))
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(scripts); i++) {
        if (strcmp(argv[1], scripts[i].shell) == 0) {
            fputs(scripts[i].script, stdout);
            return true;
        }
    }
    g_set_error(error, MVM_ERROR, MVM_ERROR_USAGE, "cannot complete for shell '%s': not known",
                argv[1]);
    mvm_error_set_hint(error, "bash, zsh and fish are known");
    return false;
}
