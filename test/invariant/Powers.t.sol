// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {Powers} from "./Powers.sol";

/// @notice {Powers} with a token such as USDC.
contract PowersTest is Powers {
    function _decimals() internal pure override returns (uint8) {
        return 6;
    }
}
