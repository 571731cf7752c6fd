#!/bin/sh
# containerd-shim-uvm-v1: what containerd runs. The program itself is one executable with a runtime in it, whose boot costs
# more than all that is done here; so `start` boots it once, as the daemon, and `delete` of what has ended in order
# not at all (docs/architecture.md, "Packaging"). Nothing is forked but the daemon, and nothing read but the reply to `delete`.

here=${0%/*}
program=$here/shim/containerd-shim-uvm-v1
[ -x "$program" ] || program=$here/../lib/uvm-shim/containerd-shim-uvm-v1
if ! [ -x "$program" ]; then
  # Run through a link from elsewhere.
  here=$(readlink -f "$0") && here=${here%/*}
  program=$here/shim/containerd-shim-uvm-v1
  [ -x "$program" ] || program=$here/../lib/uvm-shim/containerd-shim-uvm-v1
fi
# They would make a program with Bun in it something else; the third is ours to give.
unset BUN_BE_BUN BUN_OPTIONS UVM_SHIM_LAUNCHER

# Has a daemon that waits for its pod be the one (docs/spare-daemons.md), and ends as it says; returns where there is none.
spares=/run/uvm-shim/.spares
claim_spare() {
  pool=$address
  while case $pool in */*) ;; *) false ;; esac; do pool=${pool%%/*}_${pool#*/}; done
  for spare in "$spares/$pool"@*; do
    # Dead, or of another build.
    [ "/proc/${spare##*@}/exe" -ef "$program" ] || continue
    # Stopped: it would not answer.
    read -r state 2>/dev/null <"/proc/${spare##*@}/stat" || continue
    case $state in *") "[TtDZX]" "*) continue ;; esac
    # What is made without clobbering is made by one.
    set -C
    { echo >"$spare/claim"; } 2>/dev/null || { set +C; continue; }
    set +C
    word= status=
    # It takes our stdio from here: 6, 7 and 9, as the shell's own echo and read are in the place of 0 and 1 at times. With
    # our own end of the answers closed, theirs ends with the spare at the latest.
    {
      {
        echo "$$ $PPID" >&4
        exec 4>&- 8>&-
        read -r word <&5 && [ "$word" = taken ] && read -r status <&5
      } 4<>"$spare/request" 8<>"$spare/answer" 5<"$spare/answer"
    } 6<&0 7>&1 9>&2 2>/dev/null
    # It did not begin.
    [ "$word" = taken ] || return 0
    [ -z "$status" ] || exit "$status"
    UVM_SHIM_ENDED=137
    export UVM_SHIM_ENDED
    exec "$program" "$@" ended
  done
}

action= bundle= address= flag=
for word; do
  case $flag:$word in
    -bundle:* | --bundle:*) bundle=$word flag= ;;
    -address:* | --address:*) address=$word flag= ;;
    # An id may be "start".
    -namespace:* | --namespace:* | -id:* | --id:*) flag= ;;
    *:start | *:delete) action=$word flag= ;;
    *) flag=$word ;;
  esac
done

case $action in
  delete)
    # Its daemon wrote this when nothing was left of the pod: the reply, with its bytes as printf takes them.
    if [ -n "$bundle" ] && [ -f "$bundle/uvm-shim.deleted" ] && read -r reply <"$bundle/uvm-shim.deleted"; then
      printf %b "$reply"
      exit 0
    fi
    ;;
  start)
    # The daemon's command line has no action, and begins as people look for it.
    namespace= id= flag=
    for word; do
      shift
      case $flag:$word in
        -namespace:* | --namespace:*) namespace=$word flag= ;;
        -id:* | --id:*) id=$word flag= ;;
        *:-namespace | *:--namespace | *:-id | *:--id) flag=$word ;;
        *:start) ;;
        *) set -- "$@" "$word" ;;
      esac
    done
    set -- -namespace "$namespace" -id "$id" "$@"
    [ ! -O "$spares" ] || claim_spare "$@"
    # A shell gives what it starts in the background /dev/null for stdin, unless it is told otherwise.
    exec 3<&0
    # By this signal the daemon says that it serves and has answered; where it ends instead, its exit code is ours.
    trap 'exit 0' USR1
    # src/shim/identity.ts says what for.
    BUN_GC_TIMER_DISABLE=1 BUN_JSC_thresholdForJITAfterWarmUp=4000 BUN_JSC_thresholdForJITSoon=1000 \
      UVM_SHIM_LAUNCHER="$$ $PPID" "$program" "$@" <&3 3<&- &
    # Of one that was killed the shell has a line of its own.
    wait $! 2>/dev/null
    status=$?
    [ $status -gt 128 ] || exit $status
    # Killed: it could neither say so nor take back what it had made.
    UVM_SHIM_ENDED=$status
    export UVM_SHIM_ENDED
    exec "$program" "$@" ended
    ;;
esac
exec "$program" "$@"
