import { LocationBased } from 'locar'
import { DirectionalLight, HemisphereLight, PerspectiveCamera, Scene, WebGLRenderer } from 'three'
import { GLTFLoader } from 'three/examples/jsm/loaders/GLTFLoader.js'
import { MeshoptDecoder } from 'three/examples/jsm/libs/meshopt_decoder.module.js'

const HERE = [129.8720428, 32.7440401]
const scene = new Scene()
const camera = new PerspectiveCamera(60, innerWidth / innerHeight, 0.1, 1000)
const renderer = new WebGLRenderer({ antialias: true })
renderer.setPixelRatio(devicePixelRatio)
renderer.setSize(innerWidth, innerHeight)
document.body.append(renderer.domElement)
scene.add(new HemisphereLight(0xffffff, 0xb9b09c, 2), new DirectionalLight(0xffffff, 2))
const locar = new LocationBased(scene, camera)
new GLTFLoader().setMeshoptDecoder(MeshoptDecoder).load('/model.glb', ({ scene: model }) => {
  locar.fakeGps(...HERE)
  locar.add(model, ...HERE)
  camera.position.set(model.position.x + $x, $y, model.position.z + $z + $away)
})
renderer.setAnimationLoop(() => renderer.render(scene, camera))
