// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {Laws} from "./Laws.sol";

/// @notice The laws with a token of 18 decimals.
contract EighteenDecimalsTest is Laws {
    function _decimals() internal pure override returns (uint8) {
        return 18;
    }
}
