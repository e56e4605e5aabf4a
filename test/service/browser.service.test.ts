import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { serve } from '../../examples/browser/serve.ts'
import { chromium } from './chromium.ts'

test('a page loads a network, differentiates it and trains it in the browser', async () => {
  const server = await serve(0)
  try {
    const { port } = server.address() as AddressInfo
    const flags = ['--virtual-time-budget=60000', '--dump-dom']
    const { stdout, console } = await chromium(`http://127.0.0.1:${port}/`, { theme: 'light', flags })
    expect(console.filter((line) => line.includes('Error'))).toEqual([])
    expect(stdout).toContain('data-state="trained"')
    expect(/id="device">(\w+)</.exec(stdout)?.[1]).toMatch(/WebAssembly|WebGPU/)
    expect(Number(/id="right">([\d.]+) %/.exec(stdout)?.[1])).toBeGreaterThan(99)
  } finally {
    server.close()
  }
})
