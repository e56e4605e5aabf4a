import { MESSAGES, type MessageName, type Scalar } from './proto.ts'

/** The wire types of protobuf that are in use. */
export const [VARINT, FIXED64, BYTES, FIXED32] = [0, 1, 2, 5]

/** A field of a message. */
export interface Entry {
  readonly name: string
  readonly number: number
  readonly kind: string
  readonly many: boolean
  readonly packed: boolean
}

/** A message's fields, in the order of their numbers. */
export interface Table {
  readonly byNumber: ReadonlyMap<number, Entry>
  readonly entries: readonly Entry[]
}

/** The fields of every message. */
export const TABLES: ReadonlyMap<string, Table> = new Map(
  Object.entries(MESSAGES).map(([message, fields]) => {
    const entries = Object.entries(fields as Record<string, readonly [number, string, string?]>)
      .map(([name, [number, kind, often]]) => ({
        name,
        number,
        kind,
        many: often !== undefined,
        packed: often === 'packed',
      }))
      .sort((a, b) => a.number - b.number)
    return [message, { entries, byNumber: new Map(entries.map((entry) => [entry.number, entry])) }]
  }),
)

/** Tells a message's name from a scalar kind. */
export const isMessage = (kind: string): kind is MessageName => TABLES.has(kind)

const WIRE: Readonly<Record<Scalar, number>> = {
  int64: VARINT,
  uint64: VARINT,
  float: FIXED32,
  double: FIXED64,
  text: BYTES,
  bytes: BYTES,
}

/** Returns the wire type of one element of a kind. */
export const wireOf = (kind: string): number => WIRE[kind as Scalar] ?? BYTES

/** A message being read or written, by field name. */
export type Loose = Record<string, unknown> & { unknown?: Uint8Array[] }
