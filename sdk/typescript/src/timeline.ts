// One conversation's messages as this client has them: a run without holes, in order of seq, from
// some place in the past up to `high`. What arrives beyond a hole is held until the hole is filled.
// Knows nothing of connections; it says which range is missing, and somebody else asks for it.
import type { Message } from "./model.js";

interface Held {
  message: Message;
  /** The seq before it that the user may see; undefined when the server did not say. */
  prevSeq: number | undefined;
}

export interface Gap {
  fromSeq: number;
  /** 0: up to the newest. */
  toSeq: number;
}

export class Timeline {
  private readonly run: Message[] = [];
  private readonly held = new Map<number, Held>();
  private highSeq = 0;
  private startReached = false;
  private gapIsOpen = false;
  private expectedSeq = 0;

  /** Continues a stored run. */
  static restore(messages: readonly Message[], highSeq: number, complete: boolean): Timeline {
    const timeline = new Timeline();
    timeline.reset(messages, complete);
    timeline.highSeq = highSeq;
    return timeline;
  }

  /** In order of seq. The array is the timeline's own: read it, do not keep it. */
  get messages(): readonly Message[] {
    return this.run;
  }

  /** Everything the user may see up to here has arrived. 0: nothing is known yet. */
  get high(): number {
    return this.highSeq;
  }

  get low(): number {
    return this.run[0]?.seq ?? this.highSeq + 1;
  }

  /** There is nothing older than messages[0]. */
  get complete(): boolean {
    return this.startReached;
  }

  /**
   * A message arrived. Returns what became visible, in order: nothing for a repeat or while a hole
   * is open before it.
   */
  receive(message: Message, prevSeq?: number): Message[] {
    if (message.seq <= this.highSeq || message.seq === 0) return [];
    const known = this.held.get(message.seq);
    this.held.set(message.seq, { message, prevSeq: prevSeq ?? known?.prevSeq });
    // A conversation we know nothing of waits for a sync, which also brings its title and members.
    return this.highSeq === 0 ? [] : this.drain();
  }

  /**
   * The complete content of [fromSeq, toSeq] arrived, where fromSeq is not beyond high + 1. What is
   * not among the messages does not exist for this user.
   */
  fill(messages: readonly Message[], toSeq: number): Message[] {
    const added = messages.filter((message) => message.seq > this.highSeq);
    for (const message of added) {
      this.run.push(message);
      this.highSeq = message.seq;
      this.held.delete(message.seq);
    }
    this.highSeq = Math.max(this.highSeq, toSeq);
    return [...added, ...this.drain()];
  }

  /** Starts over with a window of the newest messages, dropping the run before it. */
  reset(messages: readonly Message[], complete: boolean): Message[] {
    this.run.length = 0;
    this.run.push(...messages);
    this.highSeq = messages[messages.length - 1]?.seq ?? 0;
    this.startReached = complete;
    this.gapIsOpen = false;
    return this.highSeq === 0 ? [] : this.drain();
  }

  /** An older page arrived, seq ascending, ending right before messages[0]. */
  prepend(messages: readonly Message[], complete: boolean): void {
    const low = this.low;
    this.run.unshift(...messages.filter((message) => message.seq < low));
    this.startReached = complete;
  }

  /** Pushes after what we have were left out, however many. */
  openGap(): void {
    this.gapIsOpen = true;
  }

  /** A message with this seq exists, though it has not been seen. */
  expect(seq: number): void {
    this.expectedSeq = Math.max(this.expectedSeq, seq);
  }

  /**
   * What to ask for, if anything. Whoever takes an open gap (toSeq 0) owes it: fetch it whole, or
   * open it again. Taking closes it, so that one opened during the fetch is not lost.
   */
  takeGap(): Gap | undefined {
    if (this.highSeq === 0) return undefined;
    if (this.gapIsOpen) {
      this.gapIsOpen = false;
      return { fromSeq: this.highSeq + 1, toSeq: 0 };
    }
    const toSeq = this.missingUpTo();
    return toSeq > this.highSeq ? { fromSeq: this.highSeq + 1, toSeq } : undefined;
  }

  get hasGap(): boolean {
    return this.highSeq > 0 && (this.gapIsOpen || this.missingUpTo() > this.highSeq);
  }

  /** The holes cannot be filled (we are no longer a member): forget what lies beyond them. */
  dropHeld(): void {
    this.held.clear();
    this.gapIsOpen = false;
    this.expectedSeq = 0;
  }

  get waitsForSync(): boolean {
    return this.highSeq === 0 && this.held.size > 0;
  }

  private missingUpTo(): number {
    const next = this.firstHeld();
    return next ? next.message.seq - 1 : this.expectedSeq;
  }

  private drain(): Message[] {
    const added: Message[] = [];
    for (;;) {
      const next = this.firstHeld();
      if (!next) return added;
      const { message, prevSeq } = next;
      const follows =
        message.seq === this.highSeq + 1 || (prevSeq !== undefined && prevSeq <= this.highSeq);
      if (!follows) return added;
      this.held.delete(message.seq);
      this.run.push(message);
      this.highSeq = message.seq;
      added.push(message);
    }
  }

  private firstHeld(): Held | undefined {
    let first: Held | undefined;
    for (const [seq, held] of this.held) {
      if (seq <= this.highSeq) this.held.delete(seq);
      else if (!first || seq < first.message.seq) first = held;
    }
    return first;
  }
}
