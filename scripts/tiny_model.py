"""Make a tiny language model with random weights, for tests of what serves models.

Usage: tiny_model.py FOLDER

Run it with the Python of vLLM's environment: it needs torch, transformers and tokenizers. The
tokenizer is trained on the repository's own pages, the weights are drawn from a fixed seed. What it
writes is nonsense; its form, its tokens and its speed are real. Nothing is fetched.
"""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# A turn is closed before the next one begins, so that each message can be tokenised by itself.
CHAT_TEMPLATE = (
    "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}<|end|>"
    "{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
SPECIAL = ["<|pad|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>"]
# The CPU's attention of vLLM wants heads of at least 32.
SIZES = {
    "hidden_size": 128,
    "intermediate_size": 256,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
}


def make(folder: Path) -> None:
    """Write tokenizer, weights and chat template into folder."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=4096,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    pages = sorted(str(path) for path in [*ROOT.glob("docs/*.md"), ROOT / "README.md"])
    tokenizer.train(pages, trainer)
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<|pad|>",
        eos_token="<|end|>",
        additional_special_tokens=SPECIAL[2:],
        model_max_length=4096,
    )
    wrapped.chat_template = CHAT_TEMPLATE
    wrapped.save_pretrained(folder)
    torch.manual_seed(0)
    torch.set_num_threads(1)
    config = LlamaConfig(
        vocab_size=len(wrapped),
        max_position_embeddings=4096,
        pad_token_id=wrapped.pad_token_id,
        eos_token_id=wrapped.eos_token_id,
        bos_token_id=None,
        tie_word_embeddings=True,
        **SIZES,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    (folder / "clew.json").write_text(json.dumps({"seed": 0}), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    make(Path(sys.argv[1]))
