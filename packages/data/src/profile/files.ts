import { open, stat } from 'node:fs/promises'
import { type ImageHeader, imageHeader } from './imageHeader.ts'
import type { FileStatistics } from './textMeaning.ts'

/** Bytes of a file that are looked at: in JPEG, the size stands behind what a camera tells. */
const HEAD = 1 << 16

/** Returns what stands at these paths: whether it is a file, how large, and whether an image. */
export async function filesAt(paths: readonly string[]): Promise<FileStatistics> {
  const sizes: number[] = []
  const images: ImageHeader[] = []
  for (const path of paths) {
    const found = await stat(path).catch(() => undefined)
    if (!found?.isFile()) continue
    sizes.push(found.size)
    const image = await headOf(path).then(imageHeader, () => undefined)
    if (image) images.push(image)
  }
  const formats = Map.groupBy(images, ({ format }) => format)
  return {
    examined: paths.length,
    absent: paths.length - sizes.length,
    size: spread(sizes),
    images:
      images.length === 0
        ? null
        : {
            count: images.length,
            formats: [...formats]
              .map(([value, list]) => ({ value, count: list.length }))
              .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1)),
            width: spread(images.map(({ width }) => width))!,
            height: spread(images.map(({ height }) => height))!,
          },
  }
}

async function headOf(path: string): Promise<Uint8Array> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(HEAD), 0, HEAD, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

function spread(values: readonly number[]): FileStatistics['size'] {
  if (values.length === 0) return null
  let [min, max, sum] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0]
  for (const value of values) {
    min = Math.min(min, value)
    max = Math.max(max, value)
    sum += value
  }
  return { min, mean: sum / values.length, max }
}
