/**
 * The few lines of shell that stand between us and an agent, so that neither needs the other to live.
 *
 * Called as `sh -c <script> holdfast-agent <folder> <command> <args…>` in a session of its own. What always holds:
 * - the FIFOs are held before the start marker is claimed, so "marker there, FIFO not held" means: gone;
 * - the marker `started` is made with O_EXCL; whoever made it first, wrapper or fence, has decided;
 * - the agent writes `spool` itself and keeps doing so when everything else is dead;
 * - `pid` and `exit` appear whole (rename), `exit` after the last byte that the agent wrote.
 * `alive` is held by the wrapper alone: its end tells a server, by the kernel and without a poll, that the wrapper
 * is gone. `stdin` is also held by the agent and answers whether anybody is left.
 */
export const wrapperScript = `
umask 077
D="$1"; shift
exec 3<>"$D/stdin" 4<>"$D/alive" || exit 70
(set -C; echo "$$" >"$D/started") 2>/dev/null || exit 75
"$@" <&3 3<&- 4<&- >>"$D/spool" 2>>"$D/stderr" &
P="$!"
echo "$P" >"$D/pid.tmp" && mv "$D/pid.tmp" "$D/pid"
wait "$P"
echo "$?" >"$D/exit.tmp" && mv "$D/exit.tmp" "$D/exit"
`;
