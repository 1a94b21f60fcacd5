/** A queue that takes from the front without moving what stands behind. */
export interface Fifo<T> {
  push(item: T): void;
  peek(): T | undefined;
  shift(): T | undefined;
  size(): number;
  clear(): void;
}

/** Taken places that stand in front of the queue before it is cut. */
const compactAt = 1_024;

/** An array's own `shift` is slow beyond some ten thousand items. What was taken is let go of at once. */
export function createFifo<T>(): Fifo<T> {
  let items: (T | undefined)[] = [];
  let head = 0;
  return {
    push: (item) => {
      items.push(item);
    },
    peek: () => items[head],
    shift() {
      if (head >= items.length) return undefined;
      const item = items[head];
      items[head++] = undefined;
      // Cut only when at least half of it was taken, so that a long queue is not copied over and over.
      if (head === items.length || (head >= compactAt && head * 2 >= items.length)) {
        items = items.slice(head);
        head = 0;
      }
      return item;
    },
    size: () => items.length - head,
    clear() {
      items = [];
      head = 0;
    },
  };
}
