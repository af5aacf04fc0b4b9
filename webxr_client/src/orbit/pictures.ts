/** Pictures of a model as textures, within the memory there is for them. */
import { SRGBColorSpace, Texture } from 'three'
import { ANISOTROPY, gpuBytes } from './layout'

/** What the pictures of all models in view may still take on the GPU. */
export interface Purse {
  left_bytes: number
}

const LEAST_PX = 256

/** The picture as a texture; colour that is too large is halved, a map of numbers that is too large left out (null). */
export async function readPicture(file: Blob, colour: boolean, purse: Purse): Promise<Texture | null> {
  let picture = await createImageBitmap(file, { colorSpaceConversion: colour ? 'default' : 'none' })
  while (gpuBytes(picture) > purse.left_bytes) {
    if (!colour) {
      picture.close()
      return null
    }
    if (Math.max(picture.width, picture.height) <= LEAST_PX) break
    const before_px = picture.width
    picture = await halve(picture)
    if (picture.width === before_px) break // an older browser that cannot do so shows it whole
  }
  purse.left_bytes -= gpuBytes(picture)
  const texture = new Texture(picture)
  texture.flipY = false
  if (colour) texture.colorSpace = SRGBColorSpace
  texture.anisotropy = ANISOTROPY
  texture.needsUpdate = true
  return texture
}

async function halve(picture: ImageBitmap): Promise<ImageBitmap> {
  const half = await createImageBitmap(picture, {
    resizeWidth: Math.max(1, picture.width >> 1),
    resizeHeight: Math.max(1, picture.height >> 1),
    resizeQuality: 'high'
  })
  picture.close()
  return half
}
