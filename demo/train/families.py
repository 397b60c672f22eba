"""The two pipelines as they are trained: networks, noise processes, and how each reads a caption. Shapes as diffusers has them."""

import functools

import torch
from diffusers import (AutoencoderDC, AutoencoderKL, DPMSolverMultistepScheduler, PixArtSigmaPipeline, PixArtTransformer2DModel, SanaPipeline,
                       SanaTransformer2DModel)
from transformers import Gemma2Config, Gemma2Model, GemmaTokenizer, T5Config, T5EncoderModel, T5Tokenizer

import run as training
import vocabularies

TEXT_WIDTH = 128


class Family:
    @classmethod
    def shipped(cls):
        return training.ROOT / "demo" / f"{cls.name}-shapes"


class PixArt(Family):
    """PixArt-Σ: a T5 encoder, 8× autoencoder, 2×2 patches; variance-preserving noise, v-prediction."""

    name, pixels, autoencoder, latent_channels = "pixart", 256, AutoencoderKL, 4
    autoencoder_kind, pipeline, tokenizer_class, text_encoder_class, transformer_class = (
        "kl", PixArtSigmaPipeline, T5Tokenizer, T5EncoderModel, PixArtTransformer2DModel)

    def __init__(self):
        self.scheduler = DPMSolverMultistepScheduler(beta_schedule="linear", beta_start=1e-4, beta_end=0.02, prediction_type="v_prediction",
                                                     algorithm_type="dpmsolver++", solver_order=2)
        self.signal = self.scheduler.alphas_cumprod.sqrt().to(training.device())
        self.noise = (1 - self.scheduler.alphas_cumprod).sqrt().to(training.device())

    @staticmethod
    def make_tokenizer(folder):
        return vocabularies.t5(folder)

    @staticmethod
    def make_text_encoder(vocabulary):
        return T5EncoderModel(T5Config(d_model=TEXT_WIDTH, d_kv=32, num_heads=4, d_ff=256, num_layers=2, num_decoder_layers=0,
                                       feed_forward_proj="gated-gelu", vocab_size=-(-vocabulary // 64) * 64, dropout_rate=0.0,
                                       tie_word_embeddings=False, is_encoder_decoder=False, use_cache=False))

    @staticmethod
    def make_transformer():
        return PixArtTransformer2DModel(num_attention_heads=3, attention_head_dim=64, cross_attention_dim=192, num_layers=6, in_channels=4,
                                        out_channels=8, sample_size=32, patch_size=2, caption_channels=TEXT_WIDTH, norm_type="ada_norm_single",
                                        norm_elementwise_affine=False, norm_eps=1e-6, attention_bias=True, use_additional_conditions=False,
                                        interpolation_scale=1)

    @staticmethod
    def encode(autoencoder, pictures):
        return autoencoder.encode(pictures).latent_dist.mean

    @staticmethod
    def read(tokenizer, encoder, captions):
        """Captions -> text states [n, tokens, width] and their mask, as the pipeline computes them, less padding."""
        text = tokenizer(captions, padding=True, return_tensors="pt").to(encoder.device)
        return encoder(text.input_ids, attention_mask=text.attention_mask)[0], text.attention_mask

    def noised(self, latents, noise, times):
        """For times in [0, 1): the noisy latents, the timesteps that the network is told, and what it should answer."""
        steps = (times * 1000).long()
        signal, level = self.signal[steps].view(-1, 1, 1, 1), self.noise[steps].view(-1, 1, 1, 1)
        return signal * latents + level * noise, steps, signal * noise - level * latents

    @staticmethod
    def predict(transformer, latents, timesteps, text, mask):
        answer = transformer(latents, encoder_hidden_states=text, encoder_attention_mask=mask, timestep=timesteps,
                             added_cond_kwargs={"resolution": None, "aspect_ratio": None}).sample
        return answer[:, :4]  # the other four would be variances, which nobody reads


class Sana(Family):
    """SANA: a Gemma-2 decoder as text encoder, 32× autoencoder, no patches; flow matching with shift 3."""

    name, pixels, autoencoder, latent_channels = "sana", 512, AutoencoderDC, 32
    autoencoder_kind, pipeline, tokenizer_class, text_encoder_class, transformer_class = (
        "dc", SanaPipeline, GemmaTokenizer, Gemma2Model, SanaTransformer2DModel)
    SHIFT = 3.0

    def __init__(self):
        self.scheduler = DPMSolverMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=self.SHIFT,
                                                     algorithm_type="dpmsolver++", solver_order=2)

    @staticmethod
    def make_tokenizer(folder):
        return vocabularies.gemma(folder)

    @staticmethod
    def make_text_encoder(vocabulary):
        return Gemma2Model(Gemma2Config(hidden_size=TEXT_WIDTH, intermediate_size=256, num_hidden_layers=2, num_attention_heads=4,
                                        num_key_value_heads=2, head_dim=32, query_pre_attn_scalar=32, vocab_size=vocabulary, sliding_window=4096,
                                        max_position_embeddings=8192, use_cache=False, attn_implementation="sdpa"))

    @staticmethod
    def make_transformer():
        return SanaTransformer2DModel(in_channels=32, out_channels=32, num_attention_heads=6, attention_head_dim=32, num_layers=6,
                                      num_cross_attention_heads=3, cross_attention_head_dim=64, cross_attention_dim=192,
                                      caption_channels=TEXT_WIDTH, mlp_ratio=2.5, sample_size=16, patch_size=1, norm_elementwise_affine=False,
                                      norm_eps=1e-6, interpolation_scale=1)

    @staticmethod
    def encode(autoencoder, pictures):
        return autoencoder.encode(pictures).latent

    @staticmethod
    @functools.cache
    def instruction_tokens(tokenizer):
        return len(tokenizer(vocabularies.INSTRUCTION).input_ids)

    def read(self, tokenizer, encoder, captions):
        """Behind the instruction, unless a caption is empty: what stays is the first token, the instruction's last, and the caption's."""
        skipped = self.instruction_tokens(tokenizer) - 1
        texts = [vocabularies.INSTRUCTION + caption if caption else "" for caption in captions]
        text = tokenizer(texts, padding=True, return_tensors="pt", padding_side="right").to(encoder.device)
        states = encoder(text.input_ids, attention_mask=text.attention_mask)[0]
        if not any(captions):
            return states, text.attention_mask
        kept = torch.cat([torch.zeros(1, dtype=torch.long), torch.arange(skipped, states.shape[1])]).to(encoder.device)
        return states[:, kept], text.attention_mask[:, kept]

    def noised(self, latents, noise, times):
        sigmas = self.SHIFT * times / (1 + (self.SHIFT - 1) * times)
        level = sigmas.view(-1, 1, 1, 1)
        return (1 - level) * latents + level * noise, sigmas * 1000, noise - latents

    @staticmethod
    def predict(transformer, latents, timesteps, text, mask):
        return transformer(latents, encoder_hidden_states=text, encoder_attention_mask=mask, timestep=timesteps).sample


FAMILIES = {"pixart": PixArt, "sana": Sana}
