/** Reads a broadcast's comments page by page, and takes in what is told of them. */

import { getComments } from "../../transport/api.ts";
import {
  bounded,
  type CommentNews,
  covers,
  EMPTY_THREAD,
  renewed,
  type Thread,
  withNews,
  withPage,
} from "./thread.ts";

/** So many pages are read again at the most after news may have been missed. */
const MOST_PAGES = 4;

/** News alone makes nobody know more comments than that. */
const MOST = 300;

/** Who reads. */
export interface Readership {
  /** The broadcast. */
  slug(): string;
  /** The ids of what somebody is at. */
  busy(): ReadonlySet<string>;
  /** Something else is known now, or in the way. */
  changed(): void;
}

/** See the module's header. */
export class Reader {
  /** What is known. */
  thread: Thread = EMPTY_THREAD;
  /** A first page has been read. */
  loaded = false;
  /** Why a page could not be read, or null. */
  trouble: unknown = null;

  readonly #of: Readership;
  /** What has been told of each comment while a page is on its way: the page may not know of it. */
  readonly #meanwhile = new Map<string, CommentNews>();
  #loading = 0;
  /** How often the newest have been asked for, and which of those times is what is known. */
  #turns = 0;
  #newest = 0;

  constructor(readership: Readership) {
    this.#of = readership;
  }

  /** Takes in news, or what an answer says. */
  learn(news: CommentNews): void {
    const most = Math.max(MOST, this.thread.comments.size);
    this.thread = withNews(this.thread, news);
    if (this.#loading > 0) {
      const id = news.type === "comment" ? news.comment.id : news.id;
      // As the thread has it, which knows whose it is.
      const comment = this.thread.comments.get(id);
      this.#meanwhile.set(id, comment === undefined ? news : { type: "comment", comment });
    } else if (this.thread.comments.size > most) {
      this.thread = bounded(this.thread, most, this.#of.busy());
    }
    this.#of.changed();
  }

  /**
   * Reads the newest, and on as far back as something is known, as what has been taken away while no
   * news came is to go from all of it. Until then nothing changes.
   *
   * @returns whether it could be read
   */
  async loadNewest(): Promise<boolean> {
    this.#turns += 1;
    const turn = this.#turns;
    const fresh = await this.#read(
      () => this.#readBack(),
      (thread, read) => {
        if (turn < this.#newest) {
          return thread; // what was asked for later has been quicker, and is newer
        }
        this.#newest = turn;
        return renewed(thread, read, this.#of.busy());
      },
    );
    return fresh !== null;
  }

  /**
   * Reads the page before what is known.
   *
   * @returns the ids of those on it that were not known; null where it could not be read
   */
  async loadOlder(): Promise<Set<string> | null> {
    const { next, comments: known } = this.thread;
    const page = await this.#read(
      () => getComments(this.#of.slug(), next),
      // Where it does not follow on what is known by now, it would leave a gap.
      (thread, read) => (thread.next === next ? withPage(thread, read) : thread),
    );
    const ids = page?.comments.map((one) => one.id).filter((id) => !known.has(id));
    return ids === undefined ? null : new Set(ids);
  }

  async #readBack(): Promise<Thread> {
    let thread = EMPTY_THREAD;
    for (let pages = 0; pages < MOST_PAGES; pages += 1) {
      thread = withPage(thread, await getComments(this.#of.slug(), thread.next));
      if (!this.loaded || covers(thread, this.thread)) {
        break;
      }
    }
    return thread;
  }

  /** Reads something, and takes it in; null where it cannot be read. */
  async #read<T>(
    read: () => Promise<T>,
    withRead: (thread: Thread, read: T) => Thread,
  ): Promise<T | null> {
    this.#loading += 1;
    try {
      const found = await read();
      const thread = withRead(this.thread, found);
      this.thread = [...this.#meanwhile.values()].reduce(withNews, thread);
      this.loaded = true;
      this.trouble = null;
      return found;
    } catch (error) {
      this.trouble = error;
      return null;
    } finally {
      this.#loading -= 1;
      if (this.#loading === 0) {
        this.#meanwhile.clear();
      }
      this.#of.changed();
    }
  }
}
