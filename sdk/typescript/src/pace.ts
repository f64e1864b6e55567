// Keeps sends under the rate the server announced, so that a burst is slowed here and not refused
// there.

export class Pace {
  /** 0: no limit. */
  perSecond = 0;
  private readonly recent: number[] = [];

  /** Resolves when one more may go. */
  async turn(): Promise<void> {
    for (;;) {
      const now = Date.now();
      while (this.recent.length > 0 && now - (this.recent[0] ?? 0) >= 1_000) this.recent.shift();
      if (this.perSecond === 0 || this.recent.length < this.perSecond) {
        this.recent.push(now);
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, 1_000 - (now - (this.recent[0] ?? now))));
    }
  }
}
