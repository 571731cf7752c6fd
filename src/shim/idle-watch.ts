export interface Activity {
  readonly connections: number;
  readonly busy: boolean;
  /** The bundle that the daemon was started in is there. */
  readonly bundleExists: boolean;
}

/**
 * Tells when a daemon is an orphan: it holds nothing and nobody is connected at two looks in a row, or at one when its
 * bundle is gone too. Such a daemon's containerd died before the first create, or forgot it; it would stay for ever.
 */
export class IdleWatch {
  #wasIdle = false;

  isOrphan({ connections, busy, bundleExists }: Activity): boolean {
    const idle = connections === 0 && !busy;
    const orphan = idle && (this.#wasIdle || !bundleExists);
    this.#wasIdle = idle;
    return orphan;
  }
}
