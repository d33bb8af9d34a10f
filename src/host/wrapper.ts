/**
 * The few lines of shell that stand between us and an agent, so that neither needs the other to live.
 *
 * Called as `sh -c <script> holdfast-agent <folder> <command> <args…>` in a session of its own. What always holds:
 * - the FIFOs are held before the start marker is claimed, so "marker there, FIFO not held" means: gone;
 * - the marker `started` is made with O_EXCL; whoever made it first, wrapper or fence, has decided;
 * - the agent writes `spool` itself and keeps doing so when everything else is dead;
 * - `pid` and `exit` appear whole (rename), `exit` after the last byte that the agent wrote;
 * - a pid is noted with its start time where /proc tells it. The wrapper has not waited for the agent then, so the
 *   pid cannot be another process's yet: who the agent is, is known for ever, however late a server reads the note.
 * What the wrapper makes is its owner's alone; the agent makes files as it would without us.
 * `alive` is held by the wrapper alone: its end tells a server, by the kernel and without a poll, that the wrapper
 * is gone. `stdin` is also held by the agent and answers whether anybody is left.
 */
export const wrapperScript = `
U="$(umask)"; umask 077
D="$1"; shift
exec 3<>"$D/stdin" 4<>"$D/alive" || exit 70
since() {
  L=""; [ -r "/proc/$1/stat" ] && read -r L <"/proc/$1/stat"
  set -f; set -- \${L##*) }
  [ "$#" -ge 20 ] || return 0
  shift 19
  case "$1" in *[!0-9]*) ;; *) echo " $1" ;; esac
}
W="$$$(since "$$")"
(set -C; echo "$W" >"$D/started") 2>/dev/null || exit 75
{ umask "$U"; exec "$@"; } <&3 3<&- 4<&- >>"$D/spool" 2>>"$D/stderr" &
P="$!"
echo "$P$(since "$P")" >"$D/pid.tmp" && mv "$D/pid.tmp" "$D/pid"
wait "$P"
echo "$?" >"$D/exit.tmp" && mv "$D/exit.tmp" "$D/exit"
`;
