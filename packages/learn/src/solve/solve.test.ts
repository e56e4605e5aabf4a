import { type Tensor, tensor } from '@mlpod/contract'
import {
  add,
  checkGrad,
  compile,
  constant,
  gather,
  gemm,
  grad,
  hessian,
  input,
  jacrev,
  logSoftmax,
  matMul,
  mul,
  neg,
  openSession,
  reduceMean,
  reduceSum,
  reshape,
  sin,
  tanh,
  transpose,
  type Value,
} from '@mlpod/graph'
import { solve as exact, random, symmetricEigen } from '@mlpod/math'
import { describe, expect, test } from 'vitest'
import { crossEntropy } from '../losses/index.ts'
import {
  arnoldi,
  biCGStab,
  blocks,
  composed,
  conjugateGradient,
  correctedEigenvalues,
  damped,
  dense,
  diagonal,
  direct,
  eigenbases,
  empiricalFisher,
  flat,
  gaussNewton,
  hessianOperator,
  kfac,
  kronecker,
  kroneckerFactors,
  type LinearOperator,
  linsolve,
  lissa,
  matrix,
  normal,
  normalConjugateGradient,
  nystrom,
  operator,
  rayleigh,
  scaled,
  sumOf,
} from './index.ts'

const { normal: gaussian } = random({ seed: 1, path: 'solve' })
let salt = 0
const drawn = (shape: readonly number[], scale = 1): Float64Array => {
  const size = shape.reduce((n, dim) => n * dim, 1)
  const start = 1000 * salt++
  return Float64Array.from({ length: size }, (_, i) => scale * gaussian(start + i))
}
const doubles = (shape: readonly number[], data: Float64Array) => tensor('float64', shape, data)
const numbers = ({ data }: Tensor): number[] => Array.from(data as Float64Array, Number)

async function run(outputs: Readonly<Record<string, Value>>, feeds: Readonly<Record<string, Tensor>> = {}) {
  await using session = await openSession(compile({ outputs }))
  return session.run(feeds, { validate: false })
}

const close = (found: ArrayLike<number>, wanted: ArrayLike<number>, digits: number): void => {
  expect(found.length).toBe(wanted.length)
  for (let i = 0; i < wanted.length; i++) expect(found[i]).toBeCloseTo(wanted[i], digits)
}

const n = 8
const factor = drawn([n, n])
/** Symmetric positive: F F^T + I. */
const spd = Float64Array.from({ length: n * n }, (_, k) => {
  const [i, j] = [Math.floor(k / n), k % n]
  let sum = i === j ? 1 : 0
  for (let l = 0; l < n; l++) sum += factor[i * n + l] * factor[j * n + l]
  return sum
})
const general = Float64Array.from(factor, (value, k) => value + (k % (n + 1) === 0 ? 6 : 0))
const b = drawn([n])
const a = matrix(constant(doubles([n, n], spd)), { symmetric: true, positive: true })
const square = matrix(constant(doubles([n, n], general)))
const rhs = [constant(doubles([n], b))]
const wanted = exact(spd, n, b)

describe('solvers', () => {
  const { values } = symmetricEigen(spd, n)
  const solutions = {
    'conjugate gradients': conjugateGradient(a, rhs, { tolerance: 1e-12 }),
    'conjugate gradients, preconditioned': conjugateGradient(a, rhs, {
      tolerance: 1e-12,
      preconditioner: diagonal(
        [
          constant(
            doubles(
              [n],
              Float64Array.from({ length: n }, (_, i) => 1 / spd[i * n + i]),
            ),
          ),
        ],
        {
          positive: true,
        },
      ),
    }),
    'conjugate gradients of the normal equations': normalConjugateGradient(a, rhs, {
      tolerance: 1e-14,
      iterations: 300,
    }),
    biCGStab: biCGStab(a, rhs, { tolerance: 1e-12 }),
    direct: direct(a, rhs),
    lissa: lissa(a, rhs, { scale: values[0], iterations: 5000, tolerance: 1e-11 }),
    'the default': linsolve(a, rhs, { tolerance: 1e-12 }),
  }
  test.each(Object.entries(solutions))(
    '%s solve, and tell the residual they achieve',
    async (_, { x, residual, iterations }) => {
      const found = await run({ x: x[0], residual, ...(iterations && { iterations }) })
      close(numbers(found.x), wanted, 6)
      expect(numbers(found.residual)[0]).toBeLessThan(1e-7)
      if (iterations) expect(Number(found.iterations.data[0])).toBeGreaterThan(0)
    },
  )

  test('conjugate gradients end in as many turns as there are numbers, and at once where nothing is asked', async () => {
    const { iterations } = conjugateGradient(a, rhs, { tolerance: 1e-10 })
    const zero = conjugateGradient(a, [mul(rhs[0], 0)])
    const found = await run({ iterations: iterations!, none: zero.iterations!, residual: zero.residual })
    expect(Number(found.iterations.data[0])).toBeLessThanOrEqual(n + 2)
    expect(Number(found.none.data[0])).toBe(0)
    expect(numbers(found.residual)[0]).toBe(0)
  })

  test('too few turns are told by the residual', async () => {
    const found = await run({ residual: conjugateGradient(a, rhs, { iterations: 1 }).residual })
    expect(numbers(found.residual)[0]).toBeGreaterThan(1e-3)
  })

  test('BiCGStab solves what is not symmetric; conjugate gradients refuse it', async () => {
    const found = await run({ x: biCGStab(square, rhs, { tolerance: 1e-12 }).x[0] })
    const product = Array.from({ length: n }, (_, i) =>
      numbers(found.x).reduce((sum, value, j) => sum + general[i * n + j] * value, 0),
    )
    close(product, b, 7)
    expect(() => conjugateGradient(square, rhs)).toThrow('conjugate gradients take a symmetric operator')
  })
})

test('a Krylov basis is orthonormal, and its projection has the extreme eigenvalues', async () => {
  const { basis, projected } = arnoldi(a, rhs[0], n)
  const found = await run({ basis, projected })
  const q = numbers(found.basis)
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      let sum = 0
      for (let k = 0; k < n; k++) sum += q[i * n + k] * q[j * n + k]
      expect(sum).toBeCloseTo(i === j ? 1 : 0, 8)
    }
  const h = Float64Array.from(numbers(found.projected).slice(0, n * n))
  close(symmetricEigen(h, n).values, symmetricEigen(spd, n).values, 6)
})

test('a Nystrom approximation of full rank is the operator, and of less a preconditioner', async () => {
  const sketch = constant(doubles([n, n], drawn([n, n])))
  const inverse = nystrom(a, sketch).inverse(0.5)
  const found = await run({ x: inverse.apply(damped(a, 0.5).apply(rhs))[0] })
  close(numbers(found.x), b, 5)
  const narrow = nystrom(a, constant(doubles([n, 3], drawn([n, 3])))).inverse(1)
  const { x, residual } = conjugateGradient(a, rhs, { preconditioner: narrow, tolerance: 1e-11 })
  const solved = await run({ x: x[0], residual })
  close(numbers(solved.x), wanted, 6)
  expect(() => nystrom(square, sketch)).toThrow('symmetric positive operator')
})

test('sums, multiples, products, blocks and Kronecker products are what their matrices are', async () => {
  const other = matrix(constant(doubles([n, n], general)))
  const small = [drawn([2, 2]), drawn([3, 3])] as const
  const kron = kronecker(constant(doubles([2, 2], small[0])), constant(doubles([3, 3], small[1])))
  const twice = (one: LinearOperator): Value => dense(one)
  const found = await run({
    sum: twice(sumOf(a, other)),
    scaled: twice(scaled(a, -2)),
    product: twice(composed(a, other)),
    damped: twice(damped(a, 3)),
    kron: twice(kron),
    kronT: twice({ ...kron, apply: kron.transposed }),
    both: twice(blocks([kron, diagonal([constant(doubles([2], Float64Array.of(4, 5)))])])),
    quotient: rayleigh(a, rhs),
    flat: flat(kron).apply([constant(doubles([6], Float64Array.of(1, 2, 3, 4, 5, 6)))])[0],
  })
  close(
    numbers(found.sum),
    spd.map((value, k) => value + general[k]),
    9,
  )
  close(
    numbers(found.scaled),
    spd.map((value) => -2 * value),
    9,
  )
  close(
    numbers(found.damped),
    spd.map((value, k) => value + (k % (n + 1) === 0 ? 3 : 0)),
    9,
  )
  const entry = (i: number, j: number): number =>
    small[0][Math.floor(i / 3) * 2 + Math.floor(j / 3)] * small[1][(i % 3) * 3 + (j % 3)]
  const whole = Array.from({ length: 36 }, (_, k) => entry(Math.floor(k / 6), k % 6))
  close(numbers(found.kron), whole, 9)
  close(
    numbers(found.kronT),
    Array.from({ length: 36 }, (_, k) => entry(k % 6, Math.floor(k / 6))),
    9,
  )
  expect(found.both.shape).toEqual([8, 8])
  expect(numbers(found.both)[6 * 8 + 6]).toBe(4)
  expect(numbers(found.both)[7 * 8 + 6]).toBe(0)
  expect(() => operator([rhs[0]], (v) => [...v]).transposed(rhs)).toThrow('does not tell its transpose')
})

describe('curvature', () => {
  const x = input('x', 'float64', [5, 3])
  const y = input('y', 'int64', [5])
  const w = input('w', 'float64', [3, 4])
  const v = input('v', 'float64', [4, 3])
  const logits = matMul(tanh(matMul(x, w)), v)
  const chosen = (z: Value): Value => {
    const all = logSoftmax(z)
    const picked = Array.from({ length: 5 }, (_, i) => gather(gather(all, i), gather(y, i)))
    return neg(picked.map((one) => reshape(one, [1])).reduce((sum, one) => add(sum, one)))
  }
  const loss = mul(reduceSum(chosen(logits)), 0.2)
  const feeds = {
    x: doubles([5, 3], drawn([5, 3])),
    y: tensor('int64', [5], BigInt64Array.of(0n, 1n, 2n, 1n, 0n)),
    w: doubles([3, 4], drawn([3, 4])),
    v: doubles([4, 3], drawn([4, 3])),
  }

  test('the Hessian operator is the Hessian, of several parts', async () => {
    const whole = dense(hessianOperator(loss, [w, v]))
    const [[ww, wv]] = hessian(loss, [w, v])
    const found = await run({ whole, ww: reshape(ww, [12, 12]), wv: reshape(wv, [12, 12]) }, feeds)
    const at = (i: number, j: number): number => numbers(found.whole)[i * 24 + j]
    for (let i = 0; i < 12; i++)
      for (let j = 0; j < 12; j++) {
        expect(at(i, j)).toBeCloseTo(numbers(found.ww)[i * 12 + j], 10)
        expect(at(i, 12 + j)).toBeCloseTo(numbers(found.wv)[i * 12 + j], 10)
        expect(at(12 + j, i)).toBeCloseTo(at(i, 12 + j), 10)
      }
  })

  test('the Gauss-Newton matrix is J^T H J, and the normal operator J^T J', async () => {
    const [jw] = jacrev(logits, [w])
    const j = reshape(jw, [15, 12])
    const [[h]] = hessian(loss, [logits])
    const found = await run(
      {
        ggn: dense(gaussNewton(loss, [logits], [w])),
        wanted: matMul(transpose(j, [1, 0]), matMul(reshape(h, [15, 15]), j)),
        normal: dense(normal([logits], [w])),
        square: matMul(transpose(j, [1, 0]), j),
      },
      feeds,
    )
    close(numbers(found.ggn), numbers(found.wanted), 9)
    close(numbers(found.normal), numbers(found.square), 9)
  })

  test('the empirical Fisher matrix is the mean of g g^T', async () => {
    const losses = reduceSum(mul(sin(logits), logits), { axes: [1] })
    const [jacobian] = jacrev(losses, [w])
    const j = reshape(jacobian, [5, 12])
    const found = await run(
      { fisher: dense(empiricalFisher(losses, [w])), wanted: mul(matMul(transpose(j, [1, 0]), j), 0.2) },
      feeds,
    )
    close(numbers(found.fisher), numbers(found.wanted), 9)
    expect(() => empiricalFisher(reduceSum(losses), [w])).toThrow('losses are [batch], not []')
  })
})

test('K-FAC is exact for one example, its inverse undoes it, and EK-FAC keeps the trace', async () => {
  const x = input('x', 'float32', ['batch', 3])
  const y = input('y', 'int64', ['batch'])
  const w = input('w', 'float32', [3, 4])
  const v = input('v', 'float32', [2, 4])
  const logits = matMul(tanh(matMul(x, w)), transpose(v, [1, 0]))
  const { losses } = crossEntropy().rows(logits, y)
  const feeds = (rows: number) => ({
    x: tensor('float32', [rows, 3], Float32Array.from(drawn([rows, 3]))),
    y: tensor(
      'int64',
      [rows],
      BigInt64Array.from({ length: rows }, (_, i) => BigInt(i % 2)),
    ),
    w: tensor('float32', [3, 4], Float32Array.from(drawn([3, 4]))),
    v: tensor('float32', [2, 4], Float32Array.from(drawn([2, 4]))),
  })
  const { layers } = kroneckerFactors(losses, [w])
  const outputs = { a: layers.w.a, g: layers.w.g, fisher: dense(empiricalFisher(losses, [w])) }
  const one = feeds(1)
  const single = await run(outputs, one)
  const bases = eigenbases({ w: { a: single.a, g: single.g } }, 1)
  const { operator: approximation, inverse } = kfac([w], bases, { damping: 0.1 })
  const check = await run({ whole: dense(approximation), identity: dense(composed(inverse, approximation)) }, one)
  const exactOne = numbers(single.fisher).map((value, k) => value + (k % 13 === 0 ? 0.1 : 0))
  close(numbers(check.whole), exactOne, 4)
  close(
    numbers(check.identity),
    Array.from({ length: 144 }, (_, k) => (k % 13 === 0 ? 1 : 0)),
    3,
  )

  const many = feeds(20)
  const sums = await run(outputs, many)
  const shared = eigenbases({ w: { a: sums.a, g: sums.g } }, 20)
  const corrected = await run({ s: correctedEigenvalues(losses, [w], shared).w }, many)
  const eigenvalues = tensor(
    'float32',
    [3, 4],
    Float32Array.from(numbers(corrected.s), (value) => value / 20),
  )
  const trace = (all: readonly number[]): number => all.reduce((sum, value, k) => sum + (k % 13 === 0 ? value : 0), 0)
  const ek = kfac([w], shared, { damping: 0, eigenvalues: { w: eigenvalues } })
  const found = await run({ ek: dense(ek.operator) }, many)
  expect(trace(numbers(found.ek))).toBeCloseTo(trace(numbers(sums.fisher)), 4)
  // y = x w / 2 has half the gradient, and a quarter of the moments
  const half = reduceSum(sin(gemm(x, w, null, { alpha: 0.5 })), { axes: [1] })
  const halved = await run(
    {
      a: kroneckerFactors(half, [w]).layers.w.a,
      g: kroneckerFactors(half, [w]).layers.w.g,
      fisher: dense(empiricalFisher(half, [w])),
    },
    one,
  )
  const own = kfac([w], eigenbases({ w: { a: halved.a, g: halved.g } }, 1), { damping: 0 }).operator
  close(numbers((await run({ whole: dense(own) }, one)).whole), numbers(halved.fisher), 4)
  expect(() => kroneckerFactors(losses, [v])).toThrow('is not the matrix of one product')
  expect(() => kfac([v], shared)).toThrow('no factors are given for the weight "v"')
})

test.each(['auto', 'cg', 'biCGStab', 'direct'] as const)(
  'the derivative of a solution (%s) is that of the solution, by both sides and twice',
  async (solver) => {
    const m = input('m', 'float64', [3, 3])
    const r = input('r', 'float64', [3])
    // symmetric positive whatever m is
    const spdOf = add(
      matMul(m, transpose(m, [1, 0])),
      constant(doubles([3, 3], Float64Array.of(2, 0, 0, 0, 2, 0, 0, 0, 2))),
    )
    const one = matrix(spdOf, { symmetric: true, positive: true })
    const { x } = linsolve(one, [r], { solver, tolerance: 1e-13, iterations: 200 })
    const feeds = { m: doubles([3, 3], drawn([3, 3])), r: doubles([3], drawn([3])) }
    expect(await checkGrad({ outputs: x, wrt: [m, r], feeds })).toMatchObject({ passed: true })
    const first = grad(reduceMean(sin(x[0])), [m, r])
    expect(await checkGrad({ outputs: first, wrt: [m, r], feeds })).toMatchObject({ passed: true })
  },
)

test('options that are none are refused', () => {
  expect(() => conjugateGradient(a, rhs, { tolerance: -1 })).toThrow('tolerance is -1')
  expect(() => lissa(a, rhs, { scale: 1, iterations: 0 })).toThrow('iterations is 0')
  expect(() => arnoldi(a, rhs[0], 0)).toThrow('steps is 0')
})
