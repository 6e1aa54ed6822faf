"""A judge from an ONNX file: real networks with random weights, and files that are none."""

import hashlib
import sys

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch.nn.functional import conv2d, interpolate

from whichgen.errors import WhichgenError
from whichgen.networks.external import ExternalExtractor, external_name
from whichgen.parameters import ExternalJudge

WEIGHTS = np.random.default_rng(0).normal(size=(5, 3, 7, 7)).astype(np.float32)


def network(nodes, weights, output, side=224):
    """The bytes of an ONNX network from (B, 3, side, side) to the dimensions `output`."""
    graph = helper.make_graph(
        nodes,
        "network",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, ["B", 3, side, side])],
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, output)],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    opset = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=opset, ir_version=9).SerializeToString()


def pooled(side=224):
    """A convolution and a global mean, (B, 5, 1, 1) like Inception's last pooling."""
    nodes = [
        helper.make_node("Conv", ["images", "weights"], ["maps"], strides=[7, 7]),
        helper.make_node("GlobalAveragePool", ["maps"], ["features"]),
    ]
    return network(nodes, {"weights": WEIGHTS}, ["B", 5, 1, 1], side)


def tokens():
    """Patches as tokens, (B, T, 5) like a vision transformer's last state."""
    nodes = [
        helper.make_node("Conv", ["images", "weights"], ["maps"], strides=[7, 7]),
        helper.make_node("Reshape", ["maps", "shape"], ["flat"]),
        helper.make_node("Transpose", ["flat"], ["features"], perm=[0, 2, 1]),
    ]
    shape = np.array([0, 5, -1], dtype=np.int64)
    return network(nodes, {"weights": WEIGHTS, "shape": shape}, ["B", "T", 5])


@pytest.fixture
def load(tmp_path):
    def build(content, name="dinov2"):
        file = tmp_path / "network.onnx"
        file.write_bytes(content)
        options = ExternalJudge(name=name, weights=str(file))
        return ExternalExtractor(options, expected=external_name(options))

    return build


@pytest.fixture
def images():
    rng = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (70, 3, 12, 12), generator=rng).to(torch.uint8)


def maps(images, side, mean, deviation):
    resized = interpolate(images / 255, (side, side), mode="bilinear", align_corners=False)
    normal = (resized - torch.tensor(mean).view(3, 1, 1)) / torch.tensor(deviation).view(3, 1, 1)
    return conv2d(normal, torch.from_numpy(WEIGHTS), stride=7)


def test_a_pooled_network_gives_what_torch_gives_on_inceptions_inputs(load, images):
    features = load(pooled(299), "inception").look(images)
    expected = maps(images, 299, [0.5] * 3, [0.5] * 3).mean((2, 3))
    torch.testing.assert_close(features, expected, rtol=1e-3, atol=1e-3)


def test_a_transformer_gives_its_first_token_on_dinov2s_inputs(load, images):
    features = load(tokens()).look(images)
    expected = maps(images, 224, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])[:, :, 0, 0]
    torch.testing.assert_close(features, expected, rtol=1e-3, atol=1e-3)


def test_grey_images_are_shown_in_three_equal_channels(load, images):
    grey = images[:, :1]
    look = load(pooled()).look
    assert torch.equal(look(grey), look(grey.expand(-1, 3, -1, -1)))


def test_the_name_bears_the_files_hash_and_another_file_is_refused(load, tmp_path):
    content = pooled()
    load(content)
    options = ExternalJudge(name="dinov2", weights=str(tmp_path / "network.onnx"))
    assert external_name(options) == f"dinov2_{hashlib.sha256(content).hexdigest()[:8]}"
    with pytest.raises(WhichgenError, match=r"network\.onnx: this is dinov2_.*dinov2_00000000"):
        ExternalExtractor(options, expected="dinov2_00000000")


def test_a_file_that_is_no_network_is_one_clear_line(load):
    with pytest.raises(WhichgenError, match=r"network\.onnx: not an ONNX network"):
        load(b"something else")


def test_a_network_for_other_images_is_one_clear_line(load, images):
    with pytest.raises(WhichgenError, match=r"does not take images \(B, 3, 224, 224\)"):
        load(pooled(side=100)).look(images)


def test_a_missing_library_says_what_to_install(load, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(WhichgenError, match=r"pip install 'whichgen\[inception\]'"):
        load(pooled())


def test_the_networks_of_this_file_are_valid_onnx():
    for content in (pooled(), tokens()):
        onnx.checker.check_model(onnx.load_from_string(content), full_check=True)
