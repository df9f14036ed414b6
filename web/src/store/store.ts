/** Holds a state, changes it by a reducer, and tells those who listen. */

/** Called after each change. */
export type Listener = () => void;

/** A state that changes by actions only. */
export class Store<State, Action> {
  #state: State;
  readonly #reduce: (state: State, action: Action) => State;
  readonly #listeners = new Set<Listener>();

  constructor(initial: State, reduce: (state: State, action: Action) => State) {
    this.#state = initial;
    this.#reduce = reduce;
  }

  /** The present state. */
  get state(): State {
    return this.#state;
  }

  /** Applies an action; listeners hear of it only if the state is another one afterwards. */
  dispatch(action: Action): void {
    const next = this.#reduce(this.#state, action);
    if (next === this.#state) {
      return;
    }
    this.#state = next;
    for (const listener of [...this.#listeners]) {
      listener();
    }
  }

  /** Adds a listener and gives the way to remove it. */
  subscribe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
