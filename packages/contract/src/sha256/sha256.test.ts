import { expect, test } from 'vitest'
import { sha256 as browser } from './browser.ts'
import { sha256 as node } from './node.ts'

test('a browser hashes as Node does', () => {
  for (const bytes of ['', 'ML Pod', 'ä€𝄞', Uint8Array.from({ length: 1000 }, (_, i) => i)])
    expect(browser(bytes)).toBe(node(bytes))
})
