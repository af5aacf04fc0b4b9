/** Small square matrices, row after row in one array: as much of them as a filter of seven unknowns needs. Pure. */

export type Matrix = readonly number[]

/** The element in a row and column of a matrix of this size. */
export function at(matrix: Matrix, size: number, row: number, column: number): number {
  return matrix[row * size + column] ?? 0
}

export function diagonal(values: readonly number[]): number[] {
  const size = values.length
  const made = new Array<number>(size * size).fill(0)
  values.forEach((value, i) => {
    made[i * size + i] = value
  })
  return made
}

export function multiply(a: Matrix, b: Matrix, size: number): number[] {
  const made = new Array<number>(size * size).fill(0)
  for (let row = 0; row < size; row++) {
    for (let k = 0; k < size; k++) {
      const factor = at(a, size, row, k)
      if (factor === 0) continue
      for (let column = 0; column < size; column++) {
        made[row * size + column] = (made[row * size + column] ?? 0) + factor * at(b, size, k, column)
      }
    }
  }
  return made
}

export function transpose(a: Matrix, size: number): number[] {
  return a.map((_, i) => at(a, size, i % size, Math.floor(i / size)))
}

/** The matrix times a vector. */
export function apply(a: Matrix, vector: readonly number[]): number[] {
  const size = vector.length
  return vector.map((_, row) => vector.reduce((sum, value, k) => sum + at(a, size, row, k) * value, 0))
}

/** The lower triangle L with L Lᵀ = a, for a symmetric positive definite matrix; throws when it is none. */
function factorise(a: Matrix, size: number): number[] {
  const lower = new Array<number>(size * size).fill(0)
  for (let row = 0; row < size; row++) {
    for (let column = 0; column <= row; column++) {
      let left = at(a, size, row, column)
      for (let k = 0; k < column; k++) left -= at(lower, size, row, k) * at(lower, size, column, k)
      if (row === column && !(left > 0)) throw new RangeError('the matrix is not positive definite')
      lower[row * size + column] = row === column ? Math.sqrt(left) : left / at(lower, size, column, column)
    }
  }
  return lower
}

/** The inverse of a symmetric positive definite matrix, and the logarithm of its determinant. */
export function invert(a: Matrix, size: number): { inverse: number[]; logDeterminant: number } {
  const lower = factorise(a, size)
  const turned = invertLower(lower, size)
  let logDeterminant = 0
  for (let i = 0; i < size; i++) logDeterminant += 2 * Math.log(at(lower, size, i, i))
  return { inverse: multiply(transpose(turned, size), turned, size), logDeterminant }
}

function invertLower(lower: Matrix, size: number): number[] {
  const made = new Array<number>(size * size).fill(0)
  for (let column = 0; column < size; column++) {
    made[column * size + column] = 1 / at(lower, size, column, column)
    for (let row = column + 1; row < size; row++) {
      let sum = 0
      for (let k = column; k < row; k++) sum -= at(lower, size, row, k) * at(made, size, k, column)
      made[row * size + column] = sum / at(lower, size, row, row)
    }
  }
  return made
}
