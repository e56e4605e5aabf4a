import type { Differentiable, Forward, Rule } from '../rule.ts'
import { text } from '../schema.ts'
import type { image as schemas } from '../schemas/image.ts'
import { composed, onTangent } from './law.ts'

const made: Differentiable = composed('Resize')

/** Whether a Resize is linear in x, which alone moves: what lies outside a region is a number of its own. */
const isLinear = ({ ts, operation }: Forward): boolean =>
  ts.every((t, i) => t === undefined || i === 0) &&
  text(operation, 'coordinate_transformation_mode', 'half_pixel') !== 'tf_crop_and_resize'

/** Elements change places: the tangent goes the same way, the cotangent back as through what it is made of. */
const moved = (type: 'DepthToSpace' | 'SpaceToDepth' | 'CenterCropPad'): Differentiable => ({
  ...composed(type),
  jvp: onTangent,
})

/** Rules of the operators that resize, sample and rearrange images. */
export const image: { readonly [O in keyof typeof schemas]: Rule } = {
  // y = A_h x A_w^T, with as many matrices as axes: cotangents go through their transposes
  Resize: { vjp: made.vjp, jvp: (c) => (isLinear(c) ? onTangent(c) : made.jvp!(c)) },
  GridSample: composed('GridSample'),
  AffineGrid: composed('AffineGrid'),
  DepthToSpace: moved('DepthToSpace'),
  SpaceToDepth: moved('SpaceToDepth'),
  CenterCropPad: moved('CenterCropPad'),
}
