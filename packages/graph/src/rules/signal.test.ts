import { expect, test } from 'vitest'
import * as g from '../index.ts'
import { testDerivatives } from '../testDerivatives.ts'
import type { Value } from '../value.ts'

const square = (x: Value): Value => g.mul(x, x)

testDerivatives({
  dft: { shapes: [[2, 5, 1]], make: (x) => g.dft(square(x)) },
  'dft of complex numbers': { shapes: [[2, 4, 2]], make: (x) => g.dft(square(x)) },
  'dft inverse in single precision': {
    shapes: [[5, 2]],
    make: (x) => g.dft(square(x), { inverse: true }),
    dtype: 'float32',
  },
  'dft inverse': { shapes: [[5, 2]], make: (x) => g.dft(square(x), { inverse: true }), fixed: true },
  'dft of one side': { shapes: [[6, 1]], make: (x) => g.dft(square(x), { onesided: true }), fixed: true },
  'dft of one side, odd, filled up, of the first axis': {
    shapes: [[4, 2, 1]],
    make: (x) => g.dft(square(x), { length: 7, axis: 0, onesided: true }),
    fixed: true,
  },
  'dft cut': { shapes: [[2, 5, 2]], make: (x) => g.dft(square(x), { length: 3, axis: 1 }) },
  'dft inverse of one side': {
    shapes: [[2, 4, 2]],
    make: (x) => g.dft(square(x), { inverse: true, onesided: true }),
    tolerance: 2e-5,
    fixed: true,
  },
  'dft inverse of one side, odd and filled up': {
    shapes: [[3, 2]],
    make: (x) => g.dft(square(x), { inverse: true, onesided: true, length: 7 }),
    tolerance: 2e-5,
    fixed: true,
  },
  stft: { shapes: [[2, 9, 1], [4]], make: (x, window) => g.stft(x, 2, { window }), fixed: true },
  'stft of both sides': {
    shapes: [[1, 8, 1]],
    make: (x) => g.stft(square(x), 2, { length: 4, onesided: false }),
  },
  'stft of complex numbers': {
    shapes: [[1, 8, 2]],
    make: (x) => g.stft(square(x), 3, { window: g.hannWindow(4, { dtype: 'float64' }), onesided: false }),
  },
})

test('what does not fit is refused', () => {
  const x = (...shape: (number | string)[]): Value => g.input('x', 'float32', shape)
  const refused = (make: () => unknown, code = 'SHAPE_MISMATCH') =>
    expect(make).toThrowError(expect.objectContaining({ code, message: expect.stringContaining('float32[') }))
  refused(() => g.dft(x(2, 5)))
  refused(() => g.dft(x(5)))
  refused(() => g.dft(x(2, 5, 1), { axis: 2 }), 'AXIS_OUT_OF_RANGE')
  refused(() => g.dft(x(2, 5, 2), { onesided: true }))
  refused(() => g.dft(x(2, 5, 1), { onesided: true, inverse: true }))
  refused(() => g.stft(x(2, 5), 1))
  refused(() => g.stft(x(2, 5, 1), 1, { length: 6 }))
  refused(() => g.stft(x(2, 5, 1), 1, { window: g.input('w', 'float32', [2, 2]) }))
})
