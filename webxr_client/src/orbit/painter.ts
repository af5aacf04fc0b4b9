/**
 * Draws matt surfaces in daylight with WebGL alone, as the stage draws them but for the ground, shadows and fine relief: for
 * the moments until three is there.
 * Sources: glTF 2.0, appendix B; Khronos PBR Neutral tone mapper, which the stage uses; OpenGL ES Shading Language 3.00.
 */
import { GROUND, SKY, SKY_INTENSITY, SUN, SUN_INTENSITY } from './daylight'
import type { Numbers } from './gltf'
import { ANISOTROPY } from './layout'

/** One primitive, uploaded as it is. */
export interface Part {
  position: Numbers
  normal: Numbers
  uv: Numbers | null
  color: Numbers | null
  index: Numbers | null
  /** What moves it, and what turns its normals. */
  matrix: readonly number[]
  turn: readonly number[]
  /** Linear red, green, blue. */
  base: readonly number[]
  picture: ImageBitmap | null
  doubleSided: boolean
}

/** What draws parts into a canvas. */
export interface Painter {
  readonly largest_px: number
  /** Whether the shader is there to draw with; asked for, it is waited for. */
  isReady: () => boolean
  add: (part: Part) => void
  /** Draw all parts through an eye, with the sun in a direction. */
  draw: (eye: readonly number[], toSun: readonly number[]) => void
  dispose: () => void
}

const PLACES = { position: 0, normal: 1, uv: 2, color: 3 }

const VERTEX = `#version 300 es
layout(location = ${PLACES.position}) in vec3 position;
layout(location = ${PLACES.normal}) in vec3 normal;
layout(location = ${PLACES.uv}) in vec2 uv;
layout(location = ${PLACES.color}) in vec4 color;
uniform mat4 eye, matrix;
uniform mat3 turn;
out vec3 facing, tint;
out vec2 at;
void main() {
  facing = turn * normal;
  tint = color.rgb;
  at = uv;
  gl_Position = eye * (matrix * vec4(position, 1.0));
}`

const FRAGMENT = `#version 300 es
precision highp float;
precision highp sampler2D;
uniform vec3 sky, ground, sun, toSun, base;
uniform sampler2D picture;
in vec3 facing, tint;
in vec2 at;
out vec4 seen;
const float KNEE = 0.76;

vec3 toned(vec3 light) {
  float least = min(light.r, min(light.g, light.b));
  vec3 lifted = light - (least < 0.08 ? least - 6.25 * least * least : 0.04);
  float peak = max(lifted.r, max(lifted.g, lifted.b));
  if (peak < KNEE) return lifted;
  float room = 1.0 - KNEE;
  float pressed = 1.0 - room * room / (peak + room - KNEE);
  float paler = 1.0 - 1.0 / (0.15 * (peak - pressed) + 1.0);
  return mix(lifted * pressed / peak, vec3(pressed), paler);
}

vec3 encoded(vec3 light) {
  return mix(light * 12.92, 1.055 * pow(light, vec3(1.0 / 2.4)) - 0.055, step(0.0031308, light));
}

void main() {
  vec3 side = normalize(gl_FrontFacing ? facing : -facing);
  vec3 light = mix(ground, sky, 0.5 + 0.5 * side.y) + sun * max(dot(side, toSun), 0.0);
  vec3 colour = base * tint * texture(picture, at).rgb;
  seen = vec4(encoded(clamp(toned(colour * light / 3.14159265), 0.0, 1.0)), 1.0);
}`

interface Uploaded {
  part: Part
  shape: WebGLVertexArrayObject
  picture: WebGLTexture
}

/** A painter for a canvas; null when the browser refuses. Shaders are compiled while the caller waits for a file. */
export function openPainter(canvas: HTMLCanvasElement): Painter | null {
  const gl = canvas.getContext('webgl2', { alpha: true, antialias: true })
  const program = gl === null ? null : link(gl)
  return gl === null || program === null ? null : new GlPainter(gl, program)
}

class GlPainter implements Painter {
  readonly largest_px: number
  private readonly uploaded: Uploaded[] = []
  private readonly white: WebGLTexture

  constructor(
    private readonly gl: WebGL2RenderingContext,
    private readonly program: WebGLProgram
  ) {
    this.largest_px = gl.getParameter(gl.MAX_TEXTURE_SIZE)
    this.white = this.makePicture(null)
  }

  isReady(): boolean {
    return this.gl.getProgramParameter(this.program, this.gl.LINK_STATUS) === true
  }

  add(part: Part): void {
    const { gl } = this
    const shape = gl.createVertexArray()
    gl.bindVertexArray(shape)
    this.feed(PLACES.position, part.position)
    this.feed(PLACES.normal, part.normal)
    this.feed(PLACES.uv, part.uv)
    this.feed(PLACES.color, part.color)
    if (part.index !== null) this.fill(gl.ELEMENT_ARRAY_BUFFER, part.index)
    const picture = part.picture === null ? this.white : this.makePicture(part.picture)
    this.uploaded.push({ part, shape, picture })
  }

  draw(eye: readonly number[], toSun: readonly number[]): void {
    const { gl } = this
    const { width, height } = gl.canvas
    gl.viewport(0, 0, width, height)
    gl.enable(gl.DEPTH_TEST)
    gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT)
    gl.useProgram(this.program)
    gl.uniformMatrix4fv(this.at('eye'), false, eye)
    gl.uniform3fv(this.at('toSun'), toSun)
    gl.uniform3fv(this.at('sky'), linear(SKY, SKY_INTENSITY))
    gl.uniform3fv(this.at('ground'), linear(GROUND, SKY_INTENSITY))
    gl.uniform3fv(this.at('sun'), linear(SUN, SUN_INTENSITY))
    for (const each of this.uploaded) this.drawPart(each)
  }

  dispose(): void {
    for (const { picture } of this.uploaded) this.gl.deleteTexture(picture)
    this.gl.getExtension('WEBGL_lose_context')?.loseContext() // gives back all else at once
  }

  private drawPart({ part, shape, picture }: Uploaded): void {
    const { gl } = this
    if (part.doubleSided) gl.disable(gl.CULL_FACE)
    else gl.enable(gl.CULL_FACE)
    gl.uniformMatrix4fv(this.at('matrix'), false, part.matrix)
    gl.uniformMatrix3fv(this.at('turn'), false, part.turn)
    gl.uniform3fv(this.at('base'), part.base)
    gl.bindTexture(gl.TEXTURE_2D, picture)
    gl.bindVertexArray(shape)
    const { index, position } = part
    if (index === null) gl.drawArrays(gl.TRIANGLES, 0, rowsOf(position))
    else gl.drawElements(gl.TRIANGLES, rowsOf(index), this.typeOf(index), 0)
  }

  private at(name: string): WebGLUniformLocation | null {
    return this.gl.getUniformLocation(this.program, name)
  }

  /** Numbers for each corner; without any, ones. */
  private feed(place: number, numbers: Numbers | null): void {
    const { gl } = this
    if (numbers === null) {
      gl.vertexAttrib4f(place, 1, 1, 1, 1)
      return
    }
    this.fill(gl.ARRAY_BUFFER, numbers)
    const row_bytes = numbers.stride * numbers.array.BYTES_PER_ELEMENT
    gl.vertexAttribPointer(place, numbers.width, this.typeOf(numbers), numbers.normalized, row_bytes, 0)
    gl.enableVertexAttribArray(place)
  }

  private fill(target: number, { array }: Numbers): void {
    const { gl } = this
    gl.bindBuffer(target, gl.createBuffer())
    gl.bufferData(target, array, gl.STATIC_DRAW)
  }

  private typeOf({ array }: Numbers): number {
    const { gl } = this
    if (array instanceof Int8Array) return gl.BYTE
    if (array instanceof Uint8Array) return gl.UNSIGNED_BYTE
    if (array instanceof Int16Array) return gl.SHORT
    if (array instanceof Uint16Array) return gl.UNSIGNED_SHORT
    return array instanceof Uint32Array ? gl.UNSIGNED_INT : gl.FLOAT
  }

  /** A picture as a texture; none is white. */
  private makePicture(picture: ImageBitmap | null): WebGLTexture {
    const { gl } = this
    const texture = gl.createTexture()
    gl.bindTexture(gl.TEXTURE_2D, texture)
    const [inside, format, type] = [gl.SRGB8_ALPHA8, gl.RGBA, gl.UNSIGNED_BYTE]
    if (picture === null) gl.texImage2D(gl.TEXTURE_2D, 0, inside, 1, 1, 0, format, type, new Uint8Array(4).fill(255))
    else gl.texImage2D(gl.TEXTURE_2D, 0, inside, format, type, picture)
    gl.generateMipmap(gl.TEXTURE_2D)
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR_MIPMAP_LINEAR)
    const slanted = gl.getExtension('EXT_texture_filter_anisotropic')
    if (slanted !== null) gl.texParameteri(gl.TEXTURE_2D, slanted.TEXTURE_MAX_ANISOTROPY_EXT, ANISOTROPY)
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE)
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE)
    return texture
  }
}

function rowsOf({ array, stride }: Numbers): number {
  return array.length / stride
}

function link(gl: WebGL2RenderingContext): WebGLProgram | null {
  const program = gl.createProgram()
  for (const [type, source] of [
    [gl.VERTEX_SHADER, VERTEX],
    [gl.FRAGMENT_SHADER, FRAGMENT]
  ] as const) {
    const shader = gl.createShader(type)
    if (shader === null) return null // the context is lost
    gl.shaderSource(shader, source)
    gl.compileShader(shader)
    gl.attachShader(program, shader)
  }
  gl.linkProgram(program)
  return program
}

/** A colour of sRGB as linear light, so many times as bright. */
function linear(colour: number, intensity: number): number[] {
  return [16, 8, 0].map((shift) => {
    const value = ((colour >> shift) & 255) / 255
    return intensity * (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
  })
}
