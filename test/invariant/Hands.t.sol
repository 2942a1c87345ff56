// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {Hands} from "./Hands.sol";

/// @notice {Hands} with a token such as USDC.
contract HandsTest is Hands {
    function _decimals() internal pure override returns (uint8) {
        return 6;
    }
}
