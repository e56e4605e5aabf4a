import { PodError } from '@mlpod/contract'
import { MESSAGES, type Message, type MessageName, type Scalar } from './proto.ts'

// The five wire types of protobuf that are in use.
const [VARINT, FIXED64, BYTES, FIXED32] = [0, 1, 2, 5]

interface Entry {
  readonly name: string
  readonly number: number
  readonly kind: string
  readonly many: boolean
  readonly packed: boolean
}

interface Table {
  readonly byNumber: ReadonlyMap<number, Entry>
  readonly entries: readonly Entry[]
}

const TABLES: ReadonlyMap<string, Table> = new Map(
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

const isMessage = (kind: string): kind is MessageName => TABLES.has(kind)

type Loose = Record<string, unknown> & { unknown?: Uint8Array[] }

/**
 * Returns the decoded message. Fields of bytes are views of `bytes`, not copies; fields that the table does not know are
 * kept. Throws `MODEL_CORRUPT` with the file and the field at which the bytes stop making sense.
 */
export function decode<M extends MessageName>(message: M, bytes: Uint8Array, { file = 'the model' } = {}): Message<M> {
  // A Buffer's slice is no copy: below, bytes are a plain Uint8Array.
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return new Reader(plain, file).message(message, bytes.byteLength, '') as Message<M>
}

class Reader {
  private readonly bytes: Uint8Array
  private readonly view: DataView
  private readonly file: string
  private at = 0

  constructor(bytes: Uint8Array, file: string) {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.file = file
  }

  message(name: MessageName, end: number, path: string): Loose {
    const table = TABLES.get(name)!
    const result: Loose = {}
    while (this.at < end) {
      const start = this.at
      const tag = Number(this.varint(end, path))
      const [number, wire] = [Math.floor(tag / 8), tag & 7]
      const entry = table.byNumber.get(number)
      if (entry === undefined || !this.fits(entry, wire)) {
        this.skip(wire, end, number === 0 ? path : `${path}field ${number} of ${name}`)
        if (number === 0) throw this.corrupt(path)
        result.unknown ??= []
        result.unknown.push(this.bytes.subarray(start, this.at))
      } else if (entry.many) {
        result[entry.name] ??= []
        const list = result[entry.name] as unknown[]
        if (wire === BYTES && isScalarNumber(entry.kind)) this.packed(entry, list, end, path)
        else list.push(this.value(entry, end, `${path}${entry.name}[${list.length}]`))
      } else result[entry.name] = this.value(entry, end, `${path}${entry.name}`)
    }
    return result
  }

  private fits({ kind, many }: Entry, wire: number): boolean {
    if (many && wire === BYTES) return true
    return wire === (WIRE[kind as Scalar] ?? BYTES)
  }

  private packed(entry: Entry, list: unknown[], end: number, path: string): void {
    const stop = this.length(end, `${path}${entry.name}`)
    while (this.at < stop) list.push(this.value(entry, stop, `${path}${entry.name}[${list.length}]`))
  }

  private value(entry: Entry, end: number, path: string): unknown {
    switch (entry.kind) {
      case 'int64':
        return this.varint(end, path, true)
      case 'uint64':
        return this.varint(end, path)
      case 'float':
        this.room(4, end, path)
        this.at += 4
        return this.view.getFloat32(this.at - 4, true)
      case 'double':
        this.room(8, end, path)
        this.at += 8
        return this.view.getFloat64(this.at - 8, true)
    }
    const stop = this.length(end, path)
    if (isMessage(entry.kind)) return this.message(entry.kind, stop, `${path}.`)
    const bytes = this.bytes.subarray(this.at, stop)
    this.at = stop
    return entry.kind === 'text' ? utf8.decode(bytes) : bytes
  }

  private length(end: number, path: string): number {
    const stop = Number(this.varint(end, path)) + this.at
    if (stop > end) throw this.corrupt(path)
    return stop
  }

  private room(bytes: number, end: number, path: string): void {
    if (this.at + bytes > end) throw this.corrupt(path)
  }

  /** Reads 7 bits a byte: exact as a number up to 2^53, else as a bigint. */
  private varint(end: number, path: string, signed = false): number | bigint {
    let [value, scale] = [0, 1]
    for (let i = 0; i < 7; i++, scale *= 128) {
      if (this.at >= end) throw this.corrupt(path)
      const byte = this.bytes[this.at++]
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
    let big = BigInt(value)
    for (let shift = 49n; shift < 70n; shift += 7n) {
      if (this.at >= end) throw this.corrupt(path)
      const byte = this.bytes[this.at++]
      big |= BigInt(byte & 127) << shift
      if (byte < 128) return narrow(signed ? BigInt.asIntN(64, big) : BigInt.asUintN(64, big))
    }
    throw this.corrupt(path)
  }

  private skip(wire: number, end: number, path: string): void {
    if (wire === VARINT) this.varint(end, path)
    else if (wire === BYTES) this.at = this.length(end, path)
    else if (wire === FIXED64 || wire === FIXED32) {
      this.room(wire === FIXED64 ? 8 : 4, end, path)
      this.at += wire === FIXED64 ? 8 : 4
    } else throw this.corrupt(path)
  }

  private corrupt(path: string): PodError {
    const field = path.replace(/\.$/, '')
    return new PodError(
      'MODEL_CORRUPT',
      `${this.file} is no whole ONNX file: it breaks off at ${field === '' ? 'its first field' : field}`,
      {
        at: this.file,
        because: `byte ${this.at} of ${this.bytes.byteLength} is not what the format has there`,
        hint: 'copy or export the file again',
      },
    )
  }
}

const utf8 = new TextDecoder()
const encoder = new TextEncoder()

const WIRE: Readonly<Record<Scalar, number>> = {
  int64: VARINT,
  uint64: VARINT,
  float: FIXED32,
  double: FIXED64,
  text: BYTES,
  bytes: BYTES,
}

const isScalarNumber = (kind: string): boolean => (WIRE[kind as Scalar] ?? BYTES) !== BYTES

const narrow = (value: bigint): number | bigint =>
  value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value

/** Returns the bytes of a message: fields by number, unknown ones last, so the same message gives the same bytes. */
export function encode<M extends MessageName>(message: M, value: Message<M>): Uint8Array {
  // Lengths stand before what they measure: first all lengths are taken, in order, then everything is written once.
  const lengths: number[] = []
  const total = measure(TABLES.get(message)!, value as Loose, lengths)
  const writer = { bytes: new Uint8Array(total), view: new DataView(new ArrayBuffer(0)), at: 0, lengths, next: 0 }
  writer.view = new DataView(writer.bytes.buffer)
  write(writer, TABLES.get(message)!, value as Loose)
  return writer.bytes
}

// Names are short and plain: counting and copying their characters beats the encoder, which serves the rest.
function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return false
  return true
}

const sizeOfText = (text: string): number => (isAscii(text) ? text.length : encoder.encode(text).byteLength)

function measure({ entries }: Table, message: Loose, lengths: number[]): number {
  let size = 0
  for (const entry of entries) {
    const value = message[entry.name]
    if (value === undefined) continue
    const tag = sizeOfVarint(entry.number * 8)
    if (!entry.many) size += tag + measureValue(entry.kind, value, lengths)
    else if (entry.packed) {
      const list = value as readonly unknown[]
      if (list.length === 0) continue
      const slot = lengths.push(0) - 1
      let inner = 0
      for (const element of list) inner += measureValue(entry.kind, element, lengths)
      lengths[slot] = inner
      size += tag + sizeOfVarint(inner) + inner
    } else for (const element of value as readonly unknown[]) size += tag + measureValue(entry.kind, element, lengths)
  }
  for (const raw of message.unknown ?? []) size += raw.byteLength
  return size
}

function measureValue(kind: string, value: unknown, lengths: number[]): number {
  switch (kind) {
    case 'int64':
    case 'uint64':
      return sizeOfVarint(value as number | bigint)
    case 'float':
      return 4
    case 'double':
      return 8
    case 'text':
    case 'bytes': {
      const length = kind === 'text' ? sizeOfText(value as string) : (value as Uint8Array).byteLength
      return sizeOfVarint(length) + length
    }
  }
  const slot = lengths.push(0) - 1
  const inner = measure(TABLES.get(kind)!, value as Loose, lengths)
  lengths[slot] = inner
  return sizeOfVarint(inner) + inner
}

function sizeOfVarint(value: number | bigint): number {
  if (value < 0) return 10
  let size = 1
  if (typeof value === 'bigint') for (let rest = value >> 7n; rest > 0n; rest >>= 7n) size++
  else for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size++
  return size
}

interface Writer {
  readonly bytes: Uint8Array
  view: DataView
  at: number
  readonly lengths: readonly number[]
  next: number
}

function write(writer: Writer, { entries }: Table, message: Loose): void {
  for (const entry of entries) {
    const value = message[entry.name]
    if (value === undefined) continue
    const tag = entry.number * 8 + (entry.packed ? BYTES : (WIRE[entry.kind as Scalar] ?? BYTES))
    if (!entry.many) {
      putVarint(writer, tag)
      writeValue(writer, entry.kind, value)
    } else if (entry.packed) {
      const list = value as readonly unknown[]
      if (list.length === 0) continue
      putVarint(writer, tag)
      putVarint(writer, writer.lengths[writer.next++])
      for (const element of list) writeValue(writer, entry.kind, element)
    } else
      for (const element of value as readonly unknown[]) {
        putVarint(writer, tag)
        writeValue(writer, entry.kind, element)
      }
  }
  for (const raw of message.unknown ?? []) putBytes(writer, raw)
}

function writeValue(writer: Writer, kind: string, value: unknown): void {
  switch (kind) {
    case 'int64':
    case 'uint64':
      putVarint(writer, value as number | bigint)
      return
    case 'float':
      writer.view.setFloat32(writer.at, value as number, true)
      writer.at += 4
      return
    case 'double':
      writer.view.setFloat64(writer.at, value as number, true)
      writer.at += 8
      return
    case 'text':
      putText(writer, value as string)
      return
    case 'bytes':
      putVarint(writer, (value as Uint8Array).byteLength)
      putBytes(writer, value as Uint8Array)
      return
  }
  putVarint(writer, writer.lengths[writer.next++])
  write(writer, TABLES.get(kind)!, value as Loose)
}

function putText(writer: Writer, text: string): void {
  if (!isAscii(text)) {
    const bytes = encoder.encode(text)
    putVarint(writer, bytes.byteLength)
    putBytes(writer, bytes)
    return
  }
  putVarint(writer, text.length)
  for (let i = 0; i < text.length; i++) writer.bytes[writer.at++] = text.charCodeAt(i)
}

function putBytes(writer: Writer, bytes: Uint8Array): void {
  writer.bytes.set(bytes, writer.at)
  writer.at += bytes.byteLength
}

function putVarint(writer: Writer, value: number | bigint): void {
  if (typeof value === 'number' && value >= 0) {
    let rest = value
    while (rest >= 128) {
      writer.bytes[writer.at++] = (rest % 128) | 128
      rest = Math.floor(rest / 128)
    }
    writer.bytes[writer.at++] = rest
    return
  }
  let rest = BigInt.asUintN(64, BigInt(value))
  while (rest >= 128n) {
    writer.bytes[writer.at++] = Number(rest & 127n) | 128
    rest >>= 7n
  }
  writer.bytes[writer.at++] = Number(rest)
}
