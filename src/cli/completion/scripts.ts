/** What a shell has to read to complete `syncline`. All they do is ask `syncline __complete`. */

export type Shell = "bash" | "zsh" | "fish";

/** Bash gives the line to the program, because it splits words at colons; without one it joins them again. */
const BASH = `# bash completion of syncline
_syncline() {
  local line reply
  if [[ -n \${COMP_LINE-} ]]; then
    line=\${COMP_LINE:0:\${COMP_POINT:-\${#COMP_LINE}}}
  else
    line="\${COMP_WORDS[*]:0:COMP_CWORD+1}"
    line=\${line// : /:}
    line=\${line/% :/:}
  fi
  COMPREPLY=()
  while IFS= read -r reply; do
    COMPREPLY+=("$reply")
  done < <("\${COMP_WORDS[0]:-syncline}" __complete bash "$line" 2>/dev/null)
  if [[ \${#COMPREPLY[@]} -eq 1 && \${COMPREPLY[0]} == *[/:=] ]]; then
    compopt -o nospace 2>/dev/null
  fi
}
complete -F _syncline syncline
`;

const ZSH = `#compdef syncline
# zsh completion of syncline
_syncline() {
  local line value shown
  local -a open openShown shut shutShown
  for line in "\${(@f)$(\${words[1]:-syncline} __complete words -- "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ -n $line ]] || continue
    value=\${line%%$'\\t'*}
    shown="$value  \${line#*$'\\t'}"
    if [[ $value == *[/:=] ]]; then
      open+=("$value")
      openShown+=("$shown")
    else
      shut+=("$value")
      shutShown+=("$shown")
    fi
  done
  (( $#open )) && compadd -S '' -l -d openShown -a open
  (( $#shut )) && compadd -l -d shutShown -a shut
  (( $#open + $#shut ))
}
if [[ $funcstack[1] == _syncline ]]; then
  _syncline "$@"
else
  compdef _syncline syncline
fi
`;

const FISH = `# fish completion of syncline
function __syncline_complete
    set -l current (commandline -ct)
    set -l plain (string unescape -- "$current" 2>/dev/null)
    test -n "$plain"; and set current $plain
    set -l words (commandline -opc) "$current"
    command $words[1] __complete words -- $words[2..-1] 2>/dev/null
end
complete -c syncline -f -k -a '(__syncline_complete)'
`;

export const COMPLETION_SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH };
