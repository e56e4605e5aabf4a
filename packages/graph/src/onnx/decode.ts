import { PodError } from '@mlpod/contract'
import type { Message, MessageName } from './proto.ts'
import { BYTES, type Entry, FIXED32, FIXED64, isMessage, type Loose, TABLES, VARINT, wireOf } from './table.ts'

const utf8 = new TextDecoder()

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
        if (wire === BYTES && wireOf(entry.kind) !== BYTES) this.packed(entry, list, end, path)
        else list.push(this.value(entry, end, `${path}${entry.name}[${list.length}]`))
      } else result[entry.name] = this.value(entry, end, `${path}${entry.name}`)
    }
    return result
  }

  private fits({ kind, many }: Entry, wire: number): boolean {
    if (many && wire === BYTES) return true
    return wire === wireOf(kind)
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

const narrow = (value: bigint): number | bigint =>
  value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value
