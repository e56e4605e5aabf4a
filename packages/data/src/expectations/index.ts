import { aggregateEntries } from './aggregate.ts'
import type { AggregateEntry, Expectation, ExpectationType, MapEntry, UniqueEntry } from './expectation.ts'
import { mapEntries, uniqueEntries } from './map.ts'

/** An expectation whatever its parameters. */
export type AnyEntry = MapEntry<Expectation> | UniqueEntry<Expectation> | AggregateEntry<Expectation>

/** Every expectation by its name. */
export const entries = { ...mapEntries, ...uniqueEntries, ...aggregateEntries } as unknown as Readonly<
  Record<ExpectationType, AnyEntry>
>
