// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {Accrual} from "./Accrual.sol";

/// @notice {Accrual} with a token such as USDC.
contract AccrualTest is Accrual {
    function _decimals() internal pure override returns (uint8) {
        return 6;
    }
}
