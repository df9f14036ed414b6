/**
 * Draws a view of an equirectangular picture with WebGL2.
 *
 * One triangle covers the canvas; each pixel's ray is turned into a longitude and a latitude. That has
 * neither the seams nor the poles of a mesh.
 */

import { rotationOf, type View } from "./looking.ts";

const VERTEX = `#version 300 es
out vec2 at;
void main() {
  at = vec2(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0);
  gl_Position = vec4(at, 0.0, 1.0);
}`;

const FRAGMENT = `#version 300 es
precision highp float;
in vec2 at;
out vec4 colour;
uniform sampler2D picture;
uniform vec2 reach;
uniform mat3 turn;
const float PI = 3.141592653589793;
void main() {
  vec3 ray = turn * normalize(vec3(at * reach, -1.0));
  float longitude = atan(ray.x, -ray.z);
  float latitude = asin(clamp(ray.y, -1.0, 1.0));
  colour = texture(picture, vec2(longitude / (2.0 * PI) + 0.5, 0.5 - latitude / PI));
}`;

/** WebGL2 is missing here, or has been taken away. */
export class CannotDrawError extends Error {}

/** See the module's header. */
export class Painter {
  readonly #canvas: HTMLCanvasElement;
  readonly #gl: WebGL2RenderingContext;
  readonly #reach: WebGLUniformLocation | null;
  readonly #turn: WebGLUniformLocation | null;
  #filled = false;

  /**
   * @throws CannotDrawError where the browser offers no WebGL2
   */
  constructor(canvas: HTMLCanvasElement) {
    const gl = canvas.getContext("webgl2", { alpha: false, antialias: false });
    if (gl === null) {
      throw new CannotDrawError("WebGL2 is missing");
    }
    this.#canvas = canvas;
    this.#gl = gl;
    const program = link(gl);
    gl.useProgram(program);
    this.#reach = gl.getUniformLocation(program, "reach");
    this.#turn = gl.getUniformLocation(program, "turn");
    gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
    // The picture closes on itself sideways, and ends at the poles.
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.REPEAT);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.LINEAR);
  }

  /** Takes over the video's present frame. */
  take(video: HTMLVideoElement): void {
    if (video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA || video.videoWidth === 0) {
      return;
    }
    const gl = this.#gl;
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGB, gl.RGB, gl.UNSIGNED_BYTE, video);
    this.#filled = true;
  }

  /** Draws. */
  draw(view: View): void {
    if (!this.#filled) {
      return;
    }
    const gl = this.#gl;
    const { width, height } = this.#fit();
    const tall = Math.tan((view.fov * Math.PI) / 360);
    gl.viewport(0, 0, width, height);
    gl.uniform2f(this.#reach, (tall * width) / height, tall);
    gl.uniformMatrix3fv(this.#turn, false, rotationOf(view));
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  #fit(): { width: number; height: number } {
    const canvas = this.#canvas;
    const scale = Math.min(devicePixelRatio, 2);
    const width = Math.max(1, Math.round(canvas.clientWidth * scale));
    const height = Math.max(1, Math.round(canvas.clientHeight * scale));
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    return { width, height };
  }
}

function link(gl: WebGL2RenderingContext): WebGLProgram {
  const program = gl.createProgram();
  for (const [kind, source] of [
    [gl.VERTEX_SHADER, VERTEX],
    [gl.FRAGMENT_SHADER, FRAGMENT],
  ] as const) {
    const shader = gl.createShader(kind);
    if (shader === null) {
      throw new CannotDrawError("the context is lost");
    }
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) {
    throw new CannotDrawError(gl.getProgramInfoLog(program) ?? "the shaders do not link");
  }
  return program;
}
