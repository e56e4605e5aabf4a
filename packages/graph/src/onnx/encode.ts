import type { Message, MessageName } from './proto.ts'
import { BYTES, type Loose, TABLES, type Table, wireOf } from './table.ts'

const encoder = new TextEncoder()

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
    const tag = entry.number * 8 + (entry.packed ? BYTES : wireOf(entry.kind))
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
