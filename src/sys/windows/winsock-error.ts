import { errnoNumber } from "../errno.ts";
import { SysError } from "../sys-error.ts";

/** Winsock's error codes (winerror.h), those that sockets of ours can meet; others are EIO with the number in the message. */
export const winsockErrorNames: Readonly<Record<number, string>> = {
  10004: "EINTR",
  10009: "EBADF",
  10013: "EACCES",
  10014: "EFAULT",
  10022: "EINVAL",
  10024: "EMFILE",
  10035: "EAGAIN",
  10036: "EINPROGRESS",
  10038: "ENOTSOCK",
  10045: "EOPNOTSUPP",
  10047: "EAFNOSUPPORT",
  10048: "EADDRINUSE",
  10049: "EADDRNOTAVAIL",
  10053: "ECONNABORTED",
  10054: "ECONNRESET",
  10055: "ENOBUFS",
  10056: "EISCONN",
  10057: "ENOTCONN",
  10058: "EPIPE",
  10060: "ETIMEDOUT",
  10061: "ECONNREFUSED",
  995: "ECANCELED",
};

export function winsockError(code: number, call: string): SysError {
  const name = winsockErrorNames[code];
  return name === undefined ? new SysError(5, `${call} (Winsock ${code})`) : new SysError(errnoNumber(name), call);
}
