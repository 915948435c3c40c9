/**
 * The conditions of guards, which are those of runs too.
 *
 * @module
 */

export { Condition, type Held } from "../expressions/condition.ts";
