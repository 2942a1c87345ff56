// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {BoxMath} from "../libraries/BoxMath.sol";
import {Closing} from "../types/Closing.sol";
import {Position} from "../types/Position.sol";

/// @title BoxHarness
/// @notice Exposes to tests what closing takes out of a box.
contract BoxHarness {
    function close(
        Position calldata position,
        uint256 closed,
        uint256 fillPrice,
        uint256 scale
    ) external pure returns (Closing memory closing, Position memory rest) {
        rest = position;
        closing = BoxMath.close(rest, closed, fillPrice, scale);
    }
}
