/** What the first bytes of an image say. Width and height are pixels. */
export interface ImageHeader {
  readonly format: 'png' | 'jpeg' | 'gif' | 'bmp' | 'webp'
  readonly width: number
  readonly height: number
}

type Read = (bytes: DataView) => Omit<ImageHeader, 'format'> | undefined

const ascii = (bytes: DataView, at: number, text: string): boolean =>
  bytes.byteLength >= at + text.length && [...text].every((c, i) => bytes.getUint8(at + i) === c.charCodeAt(0))
const uint24 = (bytes: DataView, at: number): number => bytes.getUint16(at, true) | (bytes.getUint8(at + 2) << 16)

/** A frame header of JPEG: C0 to CF but for tables (C4, C8, CC). */
const isFrame = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc

/** Source: the specification of each format. */
const FORMATS: Readonly<Record<ImageHeader['format'], { is: (bytes: DataView) => boolean; read: Read }>> = {
  png: {
    is: (bytes) => ascii(bytes, 1, 'PNG\r\n') && ascii(bytes, 12, 'IHDR'),
    read: (bytes) => ({ width: bytes.getUint32(16), height: bytes.getUint32(20) }),
  },
  jpeg: {
    is: (bytes) => bytes.byteLength > 4 && bytes.getUint16(0) === 0xffd8,
    read(bytes) {
      for (let at = 2; at + 9 <= bytes.byteLength; ) {
        if (bytes.getUint8(at) !== 0xff) return undefined
        const marker = bytes.getUint8(at + 1)
        // a filled byte before a marker, and markers without a length
        if (marker === 0xff) at++
        else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7)) at += 2
        else if (isFrame(marker)) return { height: bytes.getUint16(at + 5), width: bytes.getUint16(at + 7) }
        else at += 2 + bytes.getUint16(at + 2)
      }
      return undefined
    },
  },
  gif: {
    is: (bytes) => ascii(bytes, 0, 'GIF8'),
    read: (bytes) => ({ width: bytes.getUint16(6, true), height: bytes.getUint16(8, true) }),
  },
  bmp: {
    is: (bytes) => ascii(bytes, 0, 'BM') && bytes.byteLength >= 26,
    // rows from above have a negative height
    read: (bytes) => ({ width: bytes.getInt32(18, true), height: Math.abs(bytes.getInt32(22, true)) }),
  },
  webp: {
    is: (bytes) => ascii(bytes, 0, 'RIFF') && ascii(bytes, 8, 'WEBP') && bytes.byteLength >= 30,
    read(bytes) {
      if (ascii(bytes, 12, 'VP8X')) return { width: uint24(bytes, 24) + 1, height: uint24(bytes, 27) + 1 }
      if (ascii(bytes, 12, 'VP8L')) {
        const bits = bytes.getUint32(21, true)
        return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 }
      }
      return ascii(bytes, 12, 'VP8 ')
        ? { width: bytes.getUint16(26, true) & 0x3fff, height: bytes.getUint16(28, true) & 0x3fff }
        : undefined
    },
  },
}

/** Returns what the first bytes of a file say of an image; undefined for what is none, or cut off before its size. */
export function imageHeader(bytes: Uint8Array): ImageHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (const [format, { is, read }] of Object.entries(FORMATS) as [ImageHeader['format'], (typeof FORMATS)['png']][])
    try {
      const size = is(view) ? read(view) : undefined
      if (size !== undefined && size.width > 0 && size.height > 0) return { format, ...size }
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
    }
  return undefined
}
