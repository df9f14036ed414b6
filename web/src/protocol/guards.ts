/**
 * Small type guards and the ways to join them.
 *
 * Everything that arrives from outside is `unknown` until a guard has looked at it. `shape` ties a
 * guard to its interface: a field that is added to one and forgotten in the other does not compile.
 */

/** Tells whether a value is a `T`. */
export type Guard<T> = (value: unknown) => value is T;

/** A string, empty ones included. */
export const isString: Guard<string> = (value): value is string => typeof value === "string";

/** A boolean. */
export const isBoolean: Guard<boolean> = (value): value is boolean => typeof value === "boolean";

/** A number that is neither NaN nor infinite. */
export const isNumber: Guard<number> = (value): value is number => Number.isFinite(value);

/** A whole number from zero up. */
export const isCount: Guard<number> = (value): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0;

/** An object that is neither null nor an array. */
export const isRecord: Guard<Record<string, unknown>> = (value): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** One of the listed values. */
export function isOneOf<const T extends string | number>(...allowed: readonly T[]): Guard<T> {
  return (value): value is T => allowed.some((one) => one === value);
}

/** A `T` or null. */
export function isNullOr<T>(guard: Guard<T>): Guard<T | null> {
  return (value): value is T | null => value === null || guard(value);
}

/** A `T`, or nothing at all. */
export function isMissingOr<T>(guard: Guard<T>): Guard<T | undefined> {
  return (value): value is T | undefined => value === undefined || guard(value);
}

/** An array whose every entry is a `T`. */
export function isArrayOf<T>(guard: Guard<T>): Guard<T[]> {
  return (value): value is T[] => Array.isArray(value) && value.every(guard);
}

/** An object with at least the fields of `T`; further fields are left alone. */
export function shape<T extends object>(fields: { [K in keyof T]-?: Guard<T[K]> }): Guard<T> {
  const checks = Object.entries<Guard<unknown>>(fields);
  return (value): value is T =>
    isRecord(value) && checks.every(([name, guard]) => guard(value[name]));
}

/** What a JSON text says, or undefined where it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
