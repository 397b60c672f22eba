#!/usr/bin/env python3
"""Records the schedules and trajectories of diffusers' samplers: tests/data/schedulers/.

  cases.json         name -> scheduler_config.json, as a checkpoint would carry it
  tables.safetensors NAME.timesteps, NAME.sigmas: those of STEPS, one after the other
  paths.safetensors  NAME.DTYPE.STEPS: [steps + 1, 1, 4, 2, 3], the latents of a run of PATH_STEPS under `predict`, from the first
                     to the last; what it draws comes from a generator of NOISE_SEED
  scm.safetensors    STEPS.timesteps, .sigmas (the model's) and .path: SanaSprintPipeline's run of that many steps of SCMScheduler,
                     the same way, and .latent, what it returns; other_data for STEPS: 3 steps with another sigma_data
  beta.safetensors   a, b, p, x: quantiles x of Beta(a, b) at p

Run it from the root of the source tree.
"""

import json
import warnings
from pathlib import Path

import numpy as np
import scipy.stats
import torch
from diffusers import (ConfigMixin, DPMSolverMultistepScheduler, EulerDiscreteScheduler, FlowMatchEulerDiscreteScheduler, ModelMixin,
                       SanaSprintPipeline, SCMScheduler)
from diffusers.configuration_utils import register_to_config
from safetensors.torch import save_file

FOLDER = Path("tests/data/schedulers")
STEPS = (1, 2, 4, 8, 14, 15, 20, 25, 50)
# Below and above the 15 where the last steps change order.
PATH_STEPS = (6, 16)
SHAPE = (1, 4, 2, 3)
NOISE_SEED = 11
SCM_STEPS = (1, 2, 3, 4, 7)

DPM = {"_class_name": "DPMSolverMultistepScheduler"}
EULER = {"_class_name": "EulerDiscreteScheduler"}
FLOW_EULER = {"_class_name": "FlowMatchEulerDiscreteScheduler"}
FLOW = {"use_flow_sigmas": True, "prediction_type": "flow_prediction"}

# As PixArt-Sigma's repository has it.
PIXART_SIGMA = DPM | {
    "_diffusers_version": "0.27.0.dev0",
    "algorithm_type": "dpmsolver++",
    "beta_end": 0.02,
    "beta_schedule": "linear",
    "beta_start": 0.0001,
    "dynamic_thresholding_ratio": 0.995,
    "euler_at_final": False,
    "final_sigmas_type": "zero",
    "lambda_min_clipped": float("-inf"),
    "lower_order_final": True,
    "num_train_timesteps": 1000,
    "prediction_type": "epsilon",
    "sample_max_value": 1.0,
    "solver_order": 2,
    "solver_type": "midpoint",
    "steps_offset": 0,
    "thresholding": False,
    "timestep_spacing": "linspace",
    "trained_betas": None,
    "use_karras_sigmas": False,
    "use_lu_lambdas": False,
    "variance_type": None,
}
SCALED_LINEAR = {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012}
COSINE = {"beta_schedule": "squaredcos_cap_v2"}
NOISE_MODEL = {"algorithm_type": "dpmsolver", "final_sigmas_type": "sigma_min"}

CASES = {
    "pixart_sigma": PIXART_SIGMA,
    "sana": DPM | {"use_flow_sigmas": True, "flow_shift": 3.0, "prediction_type": "flow_prediction"},
    "dpm_scaled_linear_leading": DPM | SCALED_LINEAR | {"timestep_spacing": "leading", "steps_offset": 1},
    "dpm_trailing_zero_snr": DPM | {"timestep_spacing": "trailing", "rescale_betas_zero_snr": True, "prediction_type": "v_prediction"},
    "dpm_cosine_clipped": DPM | COSINE | {"lambda_min_clipped": -5.1},
    "dpm_cosine_trailing_clipped": DPM | COSINE | {"lambda_min_clipped": -5.1, "timestep_spacing": "trailing"},
    "dpm_trained_betas": DPM | {"num_train_timesteps": 60, "trained_betas": [0.002 + 0.002 * i for i in range(60)]},
    "dpm_order_1": DPM | {"solver_order": 1},
    "dpm_order_3": DPM | {"solver_order": 3},
    "dpm_order_3_sigma_min": DPM | {"solver_order": 3, "final_sigmas_type": "sigma_min", "lower_order_final": False},
    "dpm_heun": DPM | {"solver_type": "heun"},
    "dpm_heun_sigma_min": DPM | {"solver_type": "heun", "final_sigmas_type": "sigma_min"},
    "dpm_euler_at_final": DPM | {"euler_at_final": True, "final_sigmas_type": "sigma_min"},
    "dpm_not_lower_order": DPM | {"lower_order_final": False, "final_sigmas_type": "sigma_min"},
    "dpm_sample": DPM | {"prediction_type": "sample"},
    "dpm_thresholding": DPM | {"prediction_type": "sample", "thresholding": True, "sample_max_value": 1.5, "dynamic_thresholding_ratio": 0.9},
    "dpm_karras": DPM | {"use_karras_sigmas": True},
    "dpm_karras_cosine": DPM | COSINE | {"use_karras_sigmas": True},
    "dpm_karras_range": DPM | {"use_karras_sigmas": True, "sigma_min": 0.03, "sigma_max": 14.6},
    "dpm_exponential": DPM | {"use_exponential_sigmas": True},
    "dpm_exponential_zero_snr": DPM | {"use_exponential_sigmas": True, "rescale_betas_zero_snr": True},
    "dpm_beta": DPM | {"use_beta_sigmas": True},
    "dpm_lu": DPM | {"use_lu_lambdas": True},
    "dpm_legacy_names": DPM | {"algorithm_type": "deis", "solver_type": "logrho", "final_sigmas_type": "sigma_min"},
    "noise_order_1": DPM | NOISE_MODEL | {"solver_order": 1},
    "noise_order_2": DPM | NOISE_MODEL,
    "noise_heun": DPM | NOISE_MODEL | {"solver_type": "heun", "prediction_type": "sample"},
    "noise_order_3": DPM | NOISE_MODEL | {"solver_order": 3, "prediction_type": "v_prediction"},
    "noise_thresholding": DPM | NOISE_MODEL | {"thresholding": True, "sample_max_value": 2.0},
    "euler": EULER,
    "euler_of_pixart_sigma": PIXART_SIGMA | EULER,
    "euler_scaled_linear_leading": EULER | SCALED_LINEAR | {"timestep_spacing": "leading", "steps_offset": 1},
    "euler_trailing_zero_snr": EULER | {"timestep_spacing": "trailing", "rescale_betas_zero_snr": True, "prediction_type": "v_prediction"},
    "euler_sigma_min": EULER | {"final_sigmas_type": "sigma_min"},
    "euler_sample": EULER | {"prediction_type": "sample"},
    "euler_karras": EULER | {"use_karras_sigmas": True},
    "euler_karras_range": EULER | {"use_karras_sigmas": True, "sigma_min": 0.03, "sigma_max": 14.6},
    "euler_exponential": EULER | {"use_exponential_sigmas": True},
    "euler_beta": EULER | {"use_beta_sigmas": True},
    "euler_log_linear": EULER | {"interpolation_type": "log_linear"},
    "euler_log_linear_karras": EULER | {"interpolation_type": "log_linear", "use_karras_sigmas": True},
    "euler_continuous": EULER | {"timestep_type": "continuous", "prediction_type": "v_prediction"},
    "sana_shift_1": DPM | FLOW,
    "sana_shift_7": DPM | FLOW | {"flow_shift": 7.0},
    "flow_order_3": DPM | FLOW | {"flow_shift": 3.0, "solver_order": 3},
    "flow_euler": FLOW_EULER,
    "flow_euler_shift_3": FLOW_EULER | {"num_train_timesteps": 1000, "shift": 3.0},
    "flow_euler_shift_7": FLOW_EULER | {"shift": 7.0},
    "flow_euler_fewer_timesteps": FLOW_EULER | {"num_train_timesteps": 300, "shift": 2.5},
    "flow_euler_karras": FLOW_EULER | {"shift": 3.0, "use_karras_sigmas": True},
    "flow_euler_exponential": FLOW_EULER | {"shift": 3.0, "use_exponential_sigmas": True},
    "flow_euler_beta": FLOW_EULER | {"shift": 3.0, "use_beta_sigmas": True},
    "flow_euler_stochastic": FLOW_EULER | {"shift": 3.0, "stochastic_sampling": True},
}
HALVES = ("pixart_sigma", "sana", "dpm_order_3", "dpm_heun", "noise_order_2", "euler", "euler_trailing_zero_snr", "flow_euler_shift_3",
          "flow_euler_stochastic")


def scheduler_of(config):
    classes = {c.__name__: c for c in (DPMSolverMultistepScheduler, EulerDiscreteScheduler, FlowMatchEulerDiscreteScheduler)}
    return classes[config["_class_name"]].from_config(config)


def tables(config):
    scheduler = scheduler_of(config)
    timesteps, sigmas = [], []
    for steps in STEPS:
        scheduler.set_timesteps(steps)
        timesteps.append(scheduler.timesteps.to(torch.float32))
        sigmas.append(scheduler.sigmas.to(torch.float32))
    return torch.cat(timesteps), torch.cat(sigmas)


def predict(x, timestep):
    """A model that is linear in x and in t, and different for each element; half types in one rounding."""
    i = torch.arange(x.numel(), dtype=torch.float32).reshape(x.shape)
    slope = 0.2 + i / 40
    offset = 0.5 - i / 20
    return (slope * x.float() + offset * (float(timestep) / 1000)).to(x.dtype)


def path(config, steps, dtype):
    scheduler = scheduler_of(config)
    scheduler.set_timesteps(steps)
    scheduler.set_begin_index(0)
    x = torch.linspace(-2.5, 2.5, 24).reshape(SHAPE).to(dtype) * getattr(scheduler, "init_noise_sigma", 1)
    latents = [x]
    noise = torch.Generator().manual_seed(NOISE_SEED)
    for t in scheduler.timesteps:
        scaled = scheduler.scale_model_input(x, t) if hasattr(scheduler, "scale_model_input") else x
        x = scheduler.step(predict(scaled, t), t, x, generator=noise).prev_sample
        latents.append(x)
    return torch.stack(latents)


class Predict(ModelMixin, ConfigMixin):
    """`predict` as a SANA-Sprint transformer, which is asked for sigmas of 0 to 1."""

    @register_to_config
    def __init__(self, in_channels=SHAPE[1], sample_size=32, guidance_embeds_scale=0.1):
        super().__init__()
        self.anything = torch.nn.Parameter(torch.zeros(1))  # has the dtype
        self.sigmas = []

    def forward(self, latent, timestep, **kwargs):
        self.sigmas.append(timestep)
        return (predict(latent, 1000 * timestep),)


def consistency_run(steps, sigma_data):
    """As the pipeline does it, which converts between the model's flow matching and the scheduler's TrigFlow itself."""
    model = Predict()
    scheduler = SCMScheduler(sigma_data=sigma_data)
    pipeline = SanaSprintPipeline(tokenizer=None, text_encoder=None, vae=None, transformer=model, scheduler=scheduler)
    pipeline.set_progress_bar_config(disable=True)
    path = []
    text = {"prompt_embeds": torch.zeros(1, 1, 8), "prompt_attention_mask": torch.ones(1, 1)}
    first = torch.linspace(-2.5, 2.5, 24).reshape(SHAPE)
    latent = pipeline(num_inference_steps=steps, intermediate_timesteps=1.3 if steps == 2 else None, latents=first, height=32 * SHAPE[2],
                      width=32 * SHAPE[3], use_resolution_binning=False, generator=torch.Generator().manual_seed(NOISE_SEED),
                      output_type="latent", callback_on_step_end=lambda p, i, t, kept: path.append(kept["latents"]) or kept, **text).images
    return {"timesteps": pipeline.scheduler.timesteps, "sigmas": torch.cat(model.sigmas), "path": torch.stack([first * sigma_data, *path]),
            "latent": latent}


def consistency_runs():
    runs = {str(steps): consistency_run(steps, 0.5) for steps in SCM_STEPS} | {"other_data": consistency_run(3, 0.8)}
    return {f"{name}.{key}": tensor.contiguous() for name, run in runs.items() for key, tensor in run.items()}


def beta_quantiles():
    rows = [(a, b, p) for a, b in ((0.6, 0.6), (2.0, 5.0), (0.5, 3.0), (8.0, 1.5)) for p in (0, 1e-6, 0.004, 0.02, 0.25, 0.5, 0.75, 0.98, 0.999, 1)]
    a, b, p = (torch.tensor(column, dtype=torch.float64) for column in zip(*rows))
    return {"a": a, "b": b, "p": p, "x": torch.from_numpy(scipy.stats.beta.ppf(p, a, b))}


def main():
    warnings.simplefilter("ignore")
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "cases.json").write_text("{\n" + ",\n".join(f"{json.dumps(n)}: {json.dumps(c)}" for n, c in CASES.items()) + "\n}\n")
    recorded, paths = {}, {}
    for name, config in CASES.items():
        recorded[f"{name}.timesteps"], recorded[f"{name}.sigmas"] = tables(config)
        for steps in PATH_STEPS:
            paths[f"{name}.fp32.{steps}"] = path(config, steps, torch.float32)
    for name in HALVES:
        for label, dtype in (("fp16", torch.float16), ("bf16", torch.bfloat16)):
            paths[f"{name}.{label}.{PATH_STEPS[0]}"] = path(CASES[name], PATH_STEPS[0], dtype)
    for name, tensor in paths.items():
        assert torch.isfinite(tensor).all(), name
    save_file(recorded, FOLDER / "tables.safetensors")
    save_file(paths, FOLDER / "paths.safetensors")
    save_file(beta_quantiles(), FOLDER / "beta.safetensors")
    save_file(consistency_runs(), FOLDER / "scm.safetensors")
    versions = f"torch {torch.__version__}, numpy {np.__version__}, scipy {scipy.__version__}"
    print(f"{len(CASES)} cases, {sum(f.stat().st_size for f in FOLDER.iterdir())} bytes, {versions}")


if __name__ == "__main__":
    main()
