/** Linux's signal numbers (signal(7), x86-64 and arm64). Not node:os: see errno.ts. */
const numbers: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGIOT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGSEGV: 11,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
  SIGSTKFLT: 16,
  SIGCHLD: 17,
  SIGCONT: 18,
  SIGSTOP: 19,
  SIGTSTP: 20,
  SIGTTIN: 21,
  SIGTTOU: 22,
  SIGURG: 23,
  SIGXCPU: 24,
  SIGXFSZ: 25,
  SIGVTALRM: 26,
  SIGPROF: 27,
  SIGWINCH: 28,
  SIGIO: 29,
  SIGPOLL: 29,
  SIGPWR: 30,
  SIGSYS: 31,
};

/** "SIGTERM", "TERM" or "15" -> 15; undefined for what is no signal (1-64). */
export function signalNumber(name: string): number | undefined {
  const upper = name.toUpperCase();
  const named = numbers[upper] ?? numbers[`SIG${upper}`];
  if (named !== undefined) return named;
  const number = /^\d+$/.test(name) ? Number(name) : 0;
  return number >= 1 && number <= 64 ? number : undefined;
}
